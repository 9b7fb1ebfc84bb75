# sockls: see README.md. `make help` lists the targets.

GO       ?= go
GOFUMPT  := mvdan.cc/gofumpt@v0.12.0
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
DEPGUARD := github.com/OpenPeeDeeP/depguard/v2/cmd/depguard@v2.2.1
NFPM     := github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.0
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.1.4
FUZZTIME ?= 10s
DIST     ?= dist
# For what deb and rpm packages are made.
PACKAGED ?= amd64 arm64

# Programs that the tests and the benchmark compare with or look through, and
# the Debian packages that have them.
NEEDED   := ss:iproute2 ip:iproute2 netstat:net-tools lsof:lsof tmux:tmux nsenter:util-linux gcc:gcc nft:nftables iptables:iptables
# What the Windows program is run with.
WINE     := /usr/lib/wine/wine64:wine64 x86_64-w64-mingw32-ld:binutils-mingw-w64-x86-64

# A big-endian machine and a 32-bit one, and what is tested for them: the
# packages that decode, without the tests that ask the kernel. qemu-user has no
# netlink but a little of rtnetlink, and not every socket option and ioctl; and
# files in /proc have the order of bytes of the machine below.
EMULATED := s390x arm
DECODERS := ./collector/fact ./collector/netfilter ./collector/owner/btf ./collector/owner/taskfile \
	./collector/procfs ./collector/rtnetlink ./collector/saved ./collector/sockdiag ./collector/socket
NOT_EMULATED := ^Test(Live.*|Destroy(Connection|Datagram|Group|Listener|Stale)|WhatSSWrites|Here|SettingsHere|LinksAndAddresses|LocalRoutes|Many|MovedTunnel|PrivilegedBelow|Tentative)$$

CROSS := linux/amd64 linux/arm64 linux/arm linux/386 linux/riscv64 linux/s390x linux/ppc64le \
	darwin/amd64 darwin/arm64 windows/amd64 windows/arm64 freebsd/amd64 openbsd/amd64 \
	netbsd/amd64 dragonfly/amd64 solaris/amd64 illumos/amd64

.PHONY: help build run deps test wine emulated race lint vuln fuzz bench cross docs dist stage deb rpm clean

help: ## list the targets
	@sed -n 's/^\([a-z ]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST)

build: ## build bin/sockls
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/sockls ./cmd/sockls

run: build ## build, and show what listens on this machine
	@bin/sockls -l || test $$? -eq 1

deps: ## install the programs that the tests need (Debian; needs root)
	@missing=; for n in $(NEEDED); do \
		command -v $${n%%:*} >/dev/null 2>&1 || missing="$$missing $${n#*:}"; \
	done; \
	test -z "$$missing" || { \
		command -v apt-get >/dev/null 2>&1 || { echo "please install:$$missing" >&2; exit 1; }; \
		apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $$missing; \
	}

test: deps ## run all tests with the race detector; installs what they need
	CGO_ENABLED=1 $(GO) test -race -timeout 10m ./...

wine: ## run the Windows program, in wine; installs that
	@$(MAKE) --no-print-directory deps NEEDED='$(WINE)'
	SOCKLS_WINE=1 CGO_ENABLED=0 $(GO) test -count=1 -timeout 5m -run '^TestWine$$' ./cmd/internal/cli

emulated: ## run the tests of decoders as 32-bit and as big-endian programs; installs qemu-user
	@$(MAKE) --no-print-directory deps NEEDED='$(EMULATED:%=qemu-%:qemu-user)'
	@set -e; export CGO_ENABLED=0; \
	if test "$$($(GO) env GOHOSTARCH)" = amd64; then \
		echo 386; \
		GOARCH=386 $(GO) test -count=1 -short -timeout 5m $(DECODERS); \
	fi; \
	for arch in $(EMULATED); do \
		echo $$arch; \
		GOARCH=$$arch $(GO) test -count=1 -short -timeout 5m -exec qemu-$$arch -skip '$(NOT_EMULATED)' $(DECODERS); \
	done

race: test ## the same as test, which always looks for races

lint: ## gofumpt, go vet, staticcheck, and the import rules
	@unformatted=$$($(GO) run $(GOFUMPT) -l .); test -z "$$unformatted" || { echo "not gofumpt-clean:"; echo "$$unformatted"; exit 1; }
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	$(GO) run $(DEPGUARD) ./...
	$(GO) mod tidy -diff

fuzz: ## run every fuzz target for FUZZTIME
	@grep -rl '^func Fuzz' --include='*_test.go' . | xargs -n1 dirname | sort -u | while read -r dir; do \
		sed -n 's/^func \(Fuzz[A-Za-z0-9]*\).*/\1/p' $$dir/*_test.go | while read -r target; do \
			echo "== $$dir $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$dir || exit 1; \
		done || exit 1; \
	done

bench: ## compare with ss and lsof, in interleaved rounds (Linux, root)
	$(GO) run ./cmd/internal/bench

cross: ## build and vet for every supported system
	@for target in $(CROSS); do \
		echo $$target; \
		GOOS=$${target%/*} GOARCH=$${target#*/} CGO_ENABLED=0 $(GO) build -o /dev/null ./cmd/sockls || exit 1; \
		GOOS=$${target%/*} GOARCH=$${target#*/} CGO_ENABLED=0 $(GO) vet ./... || exit 1; \
	done

docs: ## write man pages, completions and a reference to DIST/docs
	$(GO) run ./cmd/gendocs -out $(DIST)/docs

dist: ## build reproducible archives for every supported system in DIST/archives
	$(GO) run ./cmd/internal/pack -out $(DIST)/archives $(CROSS)

stage:
	$(GO) run ./cmd/internal/pack -out $(DIST)/stage -stage $(PACKAGED:%=linux/%)

deb rpm: stage ## make packages for Linux of what stands in the tree, in DIST
	@set -a; . $(DIST)/stage/edition; STAGE=$(DIST)/stage; for ARCH in $(PACKAGED); do \
		$(GO) run $(NFPM) package --config .nfpm.yaml --packager $@ --target $(DIST) || exit 1; \
	done

vuln: ## look for known vulnerabilities in what is called
	$(GO) run $(GOVULNCHECK) ./...

clean: ## remove what was built
	rm -rf bin dist
