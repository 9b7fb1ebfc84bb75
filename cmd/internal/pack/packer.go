package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// packer makes archives.
type packer struct {
	out, source string
	stageOnly   bool

	edition edition
	built   bool
	docs    []entry
	sums    bytes.Buffer
}

func (p *packer) run(ctx context.Context, words []string) error {
	var targets []target
	for _, word := range words {
		t, err := parseTarget(word)
		if err != nil {
			return err
		}
		targets = append(targets, t)
	}
	if err := p.clear(); err != nil {
		return err
	}
	for _, t := range targets {
		if err := p.target(ctx, t); err != nil {
			return fmt.Errorf("%s: %w", t, err)
		}
	}
	if p.stageOnly {
		return p.settings()
	}
	return os.WriteFile(filepath.Join(p.out, "SHA256SUMS"), p.sums.Bytes(), 0o644)
}

// marker is in every directory that was written here.
const marker = ".pack"

// clear makes the directory and empties it, if what is in it comes from here.
func (p *packer) clear() error {
	switch entries, err := os.ReadDir(p.out); {
	case errors.Is(err, fs.ErrNotExist), err == nil && len(entries) == 0:
	case err != nil:
		return err
	default:
		if _, err := os.Stat(filepath.Join(p.out, marker)); err != nil {
			return fmt.Errorf("%s is not empty, and was not written by pack", p.out)
		}
		if err := os.RemoveAll(p.out); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(p.out, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(p.out, marker), nil, 0o644)
}

// target builds for one system and, if they are wanted, makes its archive.
func (p *packer) target(ctx context.Context, t target) error {
	path, err := p.build(ctx, t)
	if err != nil {
		return err
	}
	if !p.built { // what follows is the same for all
		if p.edition, err = editionOf(path); err != nil {
			return err
		}
		if err := p.document(ctx); err != nil {
			return err
		}
		p.built = true
	}
	if p.stageOnly {
		return nil
	}
	program, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	name := "sockls_" + strings.ReplaceAll(p.edition.number(), "+", "-") + "_" + t.String()
	entries := append([]entry{{name: t.program(), data: program, mode: 0o755}}, p.docs...)
	pack, suffix := tarball, ".tar.gz"
	if t.os == "windows" {
		pack, suffix = zipped, ".zip"
	}
	archive, err := pack(name, entries, p.edition.time)
	if err != nil {
		return err
	}
	fmt.Fprintf(&p.sums, "%x  %s\n", sha256.Sum256(archive), name+suffix)
	return os.WriteFile(filepath.Join(p.out, name+suffix), archive, 0o644)
}

// document makes what lies beside the program in every archive.
func (p *packer) document(ctx context.Context) error {
	dir, err := filepath.Abs(filepath.Join(p.out, "docs"))
	if err != nil {
		return err
	}
	cmd := p.command(ctx, "run", "./cmd/gendocs", "-out", dir,
		"-version", p.edition.version, "-date", p.edition.time.Format("2006-01-02"))
	if err := run(cmd); err != nil {
		return err
	}
	for _, name := range []string{"LICENSE", "README.md", "CHANGELOG.md"} {
		data, err := os.ReadFile(filepath.Join(p.source, name))
		if err != nil {
			return err
		}
		p.docs = append(p.docs, entry{name: name, data: data, mode: 0o644})
	}
	// The walk is in the order of names.
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		p.docs = append(p.docs, entry{name: filepath.ToSlash(name), data: data, mode: 0o644})
		return err
	})
}

// settings writes what a package manager's tool has to know, and the man pages as
// systems keep them.
func (p *packer) settings() error {
	for _, e := range p.docs {
		if !strings.HasPrefix(e.name, "man/") {
			continue
		}
		var packed bytes.Buffer
		w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
		if err != nil {
			return err
		}
		if _, err := w.Write(e.data); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(p.out, "docs", e.name+".gz"), packed.Bytes(), 0o644); err != nil {
			return err
		}
	}
	text := fmt.Sprintf("SOCKLS_VERSION=%s\nSOURCE_DATE_EPOCH=%d\n", p.edition.number(), p.edition.time.Unix())
	return os.WriteFile(filepath.Join(p.out, "edition"), []byte(text), 0o644)
}
