package fact

import "github.com/sockls/sockls/collector/socket"

// ulpFacts are about a protocol on top of TCP that the kernel speaks.
func ulpFacts() []Fact {
	type (
		info    = socket.TCPInfo
		tls     = socket.TLSInfo
		subflow = socket.SubflowInfo
	)
	ofTLS := func(t *info) **tls { return &t.TLS }
	ofSubflow := func(t *info) **subflow { return &t.Subflow }
	sides := []string{"", "none", "sw", "hw", "hw-record"}
	tlsChoice := func(name, help string, names []string, at func(*tls) *uint16) Fact {
		return choice(TCP, name, socket.DetailTCPInfo, help, names, partPlace(ofTLS, at))
	}
	tlsFlag := func(name, help string, at func(*tls) *bool) Fact {
		place := partPlace(ofTLS, at)
		return Fact{
			Name: name, Help: help, Group: TCP, Key: keyOf(name, Flag), Kind: Flag, Details: socket.DetailTCPInfo,
			Number: func(s *socket.Socket) (int64, bool) {
				p := place(s, false)
				switch {
				case p == nil:
					return 0, false
				case *p:
					return 1, true
				}
				return 0, true
			},
			SetNumber: func(s *socket.Socket, n int64) { *place(s, true) = n != 0 },
		}
	}
	return []Fact{
		tcpText("ulp", "protocol on top that the kernel speaks: tls, mptcp, smc, espintcp", func(t *info) *string { return &t.ULP }),
		tlsVersion(partPlace(ofTLS, func(t *tls) *uint16 { return &t.Version })),
		tlsChoice("tls-cipher", "cipher of the kernel's TLS", tlsCiphers(), func(t *tls) *uint16 { return &t.Cipher }),
		tlsChoice("tls-rx", "who decrypts: none, sw (the kernel), hw (the device)", sides, func(t *tls) *uint16 { return &t.RxConf }),
		tlsChoice("tls-tx", "who encrypts: none, sw (the kernel), hw (the device), hw-record", sides, func(t *tls) *uint16 { return &t.TxConf }),
		part("tls-tx-max-payload", Bytes, "bytes of data in a record sent", ofTLS, func(t *tls) *uint16 { return &t.MaxPayload }).without(0),
		tlsFlag("tls-zc-ro-tx", "whether sendfile hands pages to the device without a copy", func(t *tls) *bool { return &t.ZeroCopySend }),
		tlsFlag("tls-rx-no-pad", "whether received records are expected without padding", func(t *tls) *bool { return &t.NoReceivePads }),
		part("subflow-token-remote", Hex, "token of the MPTCP connection at the peer", ofSubflow, func(f *subflow) *uint32 { return &f.TokenRemote }),
		part("subflow-token", Hex, "token of the MPTCP connection that this is a path of", ofSubflow, func(f *subflow) *uint32 { return &f.TokenLocal }),
		part("subflow-id-remote", Count, "id of the remote address of the path", ofSubflow, func(f *subflow) *uint8 { return &f.IDRemote }),
		part("subflow-id", Count, "id of the local address of the path", ofSubflow, func(f *subflow) *uint8 { return &f.IDLocal }),
		part("subflow-flags", Hex, "state of the path (MPTCP_SUBFLOW_FLAG_*)", ofSubflow, func(f *subflow) *uint32 { return &f.Flags }),
		part("subflow-seq", Count, "sequence number relative to the start of the path", ofSubflow, func(f *subflow) *uint32 { return &f.RelWriteSeq }),
		sequence(TCP, "subflow-map-seq", socket.DetailTCPInfo, "start of the mapping in the connection's data", partPlace(ofSubflow, func(f *subflow) *uint64 { return &f.MapSeq })),
		part("subflow-map-sfseq", Count, "start of the mapping in the path's data", ofSubflow, func(f *subflow) *uint32 { return &f.MapSubflowSeq }),
		part("subflow-ssn-offset", Count, "sequence number that the path's data began with", ofSubflow, func(f *subflow) *uint32 { return &f.SSNOffset }),
		part("subflow-map-len", Bytes, "bytes that the mapping covers", ofSubflow, func(f *subflow) *uint16 { return &f.MapDataLen }),
	}
}

// tlsVersion names what TLS records carry as a version.
func tlsVersion(at func(*socket.Socket, bool) *uint16) Fact {
	names := []string{"1.2", "1.3"}
	const first = 0x303
	return Fact{
		Name: "tls-version", Help: "version of the kernel's TLS: 1.2, 1.3", Group: TCP, Key: "tls_version", Kind: Text,
		Details: socket.DetailTCPInfo,
		Text: func(s *socket.Socket) (string, bool) {
			v := at(s, false)
			if v == nil || *v < first || int(*v-first) >= len(names) {
				return "", false
			}
			return names[*v-first], true
		},
		SetText: func(s *socket.Socket, t string) {
			for i, name := range names {
				if name == t {
					*at(s, true) = first + uint16(i)
				}
			}
		},
	}
}

// tlsCiphers are the names of TLS_CIPHER_* (include/uapi/linux/tls.h).
func tlsCiphers() []string {
	return append(make([]string, 51),
		"aes-gcm-128", "aes-gcm-256", "aes-ccm-128", "chacha20-poly1305", "sm4-gcm", "sm4-ccm",
		"aria-gcm-128", "aria-gcm-256")
}
