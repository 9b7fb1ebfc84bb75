//go:build linux

package cli_test

import (
	"bytes"
	"encoding/json"
	"slices"
)

// Keys are printed in the order of the contract; what is not in it follows in
// alphabetical order.
func socketOrder() []string {
	return []string{
		"proto", "family", "type", "state", "local", "remote", "device", "v6only",
		"recv_q", "send_q", "uid", "user", "inode", "cookie", "netns", "processes", "no_process",
	}
}

func holderOrder() []string {
	return []string{"pid", "tid", "fd", "name", "name_base64", "uid", "user"}
}

func endOrder() []string {
	return []string{"address", "port", "zone", "path", "path_base64"}
}

// appendValue prints a value in one line without escaping what can be read.
func appendValue(dst []byte, v any) []byte {
	switch v := v.(type) {
	case object:
		return appendObject(dst, v)
	case []any:
		dst = append(dst, '[')
		for i, element := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendValue(dst, element)
		}
		return append(dst, ']')
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		// Everything here came out of the decoder.
		panic(err)
	}
	return append(dst, bytes.TrimSuffix(out.Bytes(), []byte("\n"))...)
}

func appendObject(dst []byte, o object) []byte {
	order := endOrder()
	if _, ok := o["proto"]; ok {
		order = socketOrder()
	} else if _, ok := o["pid"]; ok {
		order = holderOrder()
	}
	rank := func(key string) int {
		if i := slices.Index(order, key); i >= 0 {
			return i
		}
		return len(order)
	}
	keys := make([]string, 0, len(o))
	for key := range o {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		if a < b {
			return -1
		}
		return 1
	})
	dst = append(dst, '{')
	for i, key := range keys {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendValue(dst, key), ':')
		dst = appendValue(dst, o[key])
	}
	return append(dst, '}')
}
