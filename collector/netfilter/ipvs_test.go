package netfilter

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// virtualServers is /proc/net/ip_vs as ip_vs_info_seq_show writes it.
const virtualServers = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  0A60000A:0050 rr  
  -> 0AF40005:1F90      Masq    1      0          0         
  -> 0AF40006:1F90      Masq    1      0          0         
UDP  0A60000A:0035 rr persistent 10800 FFFFFFFF 
  -> 0AF40007:0035      Local   1      0          0         
TCP  [fd00:0000:0000:0000:0000:0000:0000:000a]:01BB wlc 
  -> [fd00:0000:0000:0000:0000:0000:0000:0005]:20FB      Masq    1      0          0         
SCTP 0A60000B:0000 rr persistent 300 FFFFFFFF 
FWM  00000001 wrr  
  -> 0AF40008:0000      Route   1      0          0         
AH   0A60000B:0000 rr  
`

func TestIPVS(t *testing.T) {
	got, err := parseIPVS(strings.NewReader(virtualServers))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"ipvs tcp 10.96.0.10:80: tcp to 10.96.0.10 dport 80 -> 10.244.0.5:8080, 10.244.0.6:8080 in out",
		"ipvs udp 10.96.0.10:53: udp to 10.96.0.10 dport 53 -> 10.244.0.7:53 in out",
		"ipvs tcp [fd00::a]:443: tcp to fd00::a dport 443 -> [fd00::5]:8443 in out",
		"ipvs sctp 10.96.0.11:0: sctp to 10.96.0.11 -> this machine in out",
		"ipvs fwmark 00000001: any (some) -> 10.244.0.8 in out",
	}
	if diff := cmp.Diff(want, tellAll(got)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
