package whyout_test

import (
	"bytes"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/why"
	"github.com/sockls/sockls/render/whyout"
)

// TestHTTPQueues tells who is behind a socket of the kernel of Windows, whatever
// their names are made of.
func TestHTTPQueues(t *testing.T) {
	t.Parallel()
	a := why.Explain(why.Situation{
		Bind: why.Bind{Proto: socket.TCP, Port: 80, UID: why.NoUID},
		Machine: &machine.Machine{
			Rules: machine.RulesWindows, HasExcluded: true, HasHTTPQueues: true, IPv6: socket.Yes,
			HTTPQueues: []machine.HTTPQueue{
				{PIDs: []int{1412, 1500}, Programs: []string{"svchost.exe", ""}, Services: []string{"W3SVC", "a\nb"}, URLs: []machine.HTTPURL{
					{Text: "HTTP://*:80/", Host: "*", Port: 80}, {Text: "HTTP://+:80/\x1b[31m", Host: "+", Port: 80},
				}},
				{URLs: []machine.HTTPURL{{Text: "HTTP://+:80/A/", Host: "+", Port: 80}, {Text: "HTTP://+:81/B/", Host: "+", Port: 81}}},
			},
		},
		Sockets: []*socket.Socket{{
			Proto: socket.TCP, Family: socket.IPv4, State: socket.Listen,
			Local:     socket.Endpoint{Addr: netip.IPv4Unspecified(), Port: 80},
			Processes: []socket.Holder{{Process: &socket.Process{PID: 4, Name: "System"}, FD: -1}},
		}},
	})
	var out bytes.Buffer
	if err := whyout.Write(&out, &a, whyout.Options{}); err != nil {
		t.Fatal(err)
	}
	const want = `tcp port 80 is taken: System[4] listens on 0.0.0.0:80

1. LISTEN 0.0.0.0:80
   for   svchost.exe[1412], pid 1500 (service W3SVC, "a\nb"): HTTP://*:80/ HTTP://+:80/\x1b[31m
         somebody: HTTP://+:80/A/
   by    System[4]
   why   It has the very address that is wanted, and Windows gives that to one program alone, unless both set SO_REUSEADDR. It is that of http.sys, the HTTP server in the kernel, which listens for every program that has registered a URL at this port.
   do    Stop the service that has registered the URL, as administrator.
           net stop W3SVC
         See who has registered what.
           netsh http show servicestate view=requestq

With IPV6_V6ONLY: free.
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
