package portable

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/machine"
)

func TestParseHTTPQueues(t *testing.T) {
	tests := []struct {
		file string
		want []machine.HTTPQueue
	}{
		{"http-7.txt", []machine.HTTPQueue{
			{Name: "DefaultAppPool", PIDs: []int{3248, 3260}, URLs: []machine.HTTPURL{{Text: "HTTP://*:80/", Host: "*", Port: 80}}},
			{Name: "Request queue is unnamed.", PIDs: []int{4120}, URLs: []machine.HTTPURL{
				{Text: "HTTP://+:5357/4C2CDC17-BEFE-4441-899A-CC530F03F2DF/", Host: "+", Port: 5357},
				{Text: "HTTPS://+:443/SRA_{BA195980-CD49-458b-9E23-C84EE0ADCD75}/", Host: "+", Port: 443},
			}},
		}},
		{"http-11.txt", []machine.HTTPQueue{
			{Name: "Request queue is unnamed.", PIDs: []int{1412}, Services: []string{"WinRM"}, URLs: []machine.HTTPURL{
				{Text: "HTTP://+:5985/WSMAN/", Host: "+", Port: 5985}, {Text: "HTTP://+:47001/WSMAN/", Host: "+", Port: 47001},
			}},
			{Name: "Request queue is unnamed.", PIDs: []int{4796}, URLs: []machine.HTTPURL{
				{Text: "HTTP://127.0.0.1:8000:127.0.0.1/", Host: "127.0.0.1", Port: 8000},
				{Text: "HTTP://[::1]:8000/A:B/", Host: "[::1]", Port: 8000},
			}},
		}},
		{"http-fr.txt", []machine.HTTPQueue{
			{Name: "La file est sans nom.", PIDs: []int{2688}, Services: []string{"WinRM"}, URLs: []machine.HTTPURL{{Text: "HTTP://+:5985/WSMAN/", Host: "+", Port: 5985}}},
		}},
	}
	for _, tt := range tests {
		got, err := parseHTTPQueues(recorded(t, tt.file))
		if err != nil {
			t.Errorf("%s: %v", tt.file, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.file, diff)
		}
	}
}

func TestParseHTTPQueuesRefused(t *testing.T) {
	for _, text := range []string{"", "The HTTP service is not running.\r\n"} {
		if got, err := parseHTTPQueues([]byte(text)); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestHTTPURL(t *testing.T) {
	for _, text := range []string{"", "HTTP://", "HTTP://+/", "HTTP://+:80", "HTTP://+:0/", "HTTP://+:65536/", "HTTP://:80/", "FTP://+:21/", "HTTP://[::1/:80/", "x HTTP://+:80/"} {
		if u, ok := httpURLOf([]byte(text)); ok {
			t.Errorf("%q: %+v", text, u)
		}
	}
}

func FuzzHTTPQueues(f *testing.F) {
	for _, name := range []string{"http-7.txt", "http-11.txt", "http-fr.txt"} {
		f.Add(recorded(f, name))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := parseHTTPQueues(text)
		for _, q := range all {
			if err != nil || len(q.URLs) == 0 {
				t.Fatalf("%+v, %v", q, err)
			}
			for _, u := range q.URLs {
				if u.Port == 0 || u.Host == "" {
					t.Fatalf("%+v", u)
				}
			}
			for _, pid := range q.PIDs {
				if pid <= 0 {
					t.Fatalf("pid %d", pid)
				}
			}
		}
	})
}
