package table

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/render/field"
	"github.com/sockls/sockls/render/internal/rendertest"
	"github.com/sockls/sockls/render/text"
)

const usual = "proto,state,recv-q,send-q,local,remote,user,process"

func parse(t testing.TB, list string) []field.Field {
	t.Helper()
	fields, err := field.Parse(list, nil)
	if err != nil {
		t.Fatal(err)
	}
	return fields
}

func draw(t testing.TB, opts Options, rows []*socket.Socket) []byte {
	t.Helper()
	var out bytes.Buffer
	table := New(&out, opts)
	for i := range rows {
		if err := table.Row(rows[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := table.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestGolden(t *testing.T) {
	listeners := rendertest.Sockets()[:7]
	tests := []struct {
		name string
		opts Options
		list string
		rows []*socket.Socket
	}{
		{"table-pipe.txt", Options{Header: true}, usual, rendertest.Sockets()},
		{"table-no-header.txt", Options{}, "local-address,local-port,remote-address,remote-port,proto", rendertest.Sockets()},
		{"table-process.txt", Options{Header: true}, "local,pid,tid,fd,name,process-user,reason,exe,started,command", listeners},
		{"table-socket.txt", Options{Header: true}, "family,type,device,v6only,inode,cookie,netns,netns-name,uid,user", listeners},
		{"table-color.txt", Options{Header: true, Palette: text.Basic()}, usual, listeners},
		{"table-empty.txt", Options{Header: true}, usual, nil},
	}
	for _, width := range []int{60, 100, 110, 120, 160} {
		name := fmt.Sprintf("table-width-%d.txt", width)
		tests = append(tests, struct {
			name string
			opts Options
			list string
			rows []*socket.Socket
		}{name, Options{Header: true, Width: width}, usual, listeners})
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.opts.Fields = parse(t, tt.list)
			rendertest.Golden(t, tt.name, draw(t, tt.opts, tt.rows))
		})
	}
}
