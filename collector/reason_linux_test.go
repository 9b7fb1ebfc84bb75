package collector

import (
	"testing"

	"github.com/sockls/sockls/collector/socket"
)

func TestReasonAtSight(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		row  socket.Socket
		want socket.Reason
	}{
		{"a socket with a file", socket.Socket{Proto: socket.TCP, State: socket.Listen, Inode: 5}, socket.ReasonNone},
		{"a connection with a file", socket.Socket{Proto: socket.TCP, State: socket.FinWait2, Inode: 5}, socket.ReasonNone},
		{"time-wait", socket.Socket{Proto: socket.TCP, State: socket.TimeWait}, socket.ReasonTimeWait},
		// The kernel gives TIME_WAIT no inode, and if it did it would be no other thing.
		{"time-wait with an inode", socket.Socket{Proto: socket.TCP, State: socket.TimeWait, Inode: 5}, socket.ReasonTimeWait},
		{"half-open", socket.Socket{Proto: socket.TCP, State: socket.SynRecv}, socket.ReasonNotAccepted},
		{"not accepted", socket.Socket{Proto: socket.TCP, State: socket.Established}, socket.ReasonNotAccepted},
		{"not accepted and closed by the peer", socket.Socket{Proto: socket.TCP, State: socket.CloseWait}, socket.ReasonNotAccepted},
		{"unix, not accepted", socket.Socket{Proto: socket.Unix, State: socket.Established}, socket.ReasonNotAccepted},
		{"fin-wait-1", socket.Socket{Proto: socket.TCP, State: socket.FinWait1}, socket.ReasonOrphan},
		{"fin-wait-2", socket.Socket{Proto: socket.TCP, State: socket.FinWait2}, socket.ReasonOrphan},
		{"closing", socket.Socket{Proto: socket.TCP, State: socket.Closing}, socket.ReasonOrphan},
		{"last-ack", socket.Socket{Proto: socket.MPTCP, State: socket.LastAck}, socket.ReasonOrphan},
		{"the kernel's netlink", socket.Socket{Proto: socket.Netlink, State: socket.Unconn, Inode: 5}, socket.ReasonKernel},
		{"the kernel's netlink without an inode", socket.Socket{Proto: socket.Netlink, State: socket.Unconn}, socket.ReasonKernel},
		{
			"netlink with a port id",
			socket.Socket{Proto: socket.Netlink, State: socket.Unconn, Inode: 5, Local: socket.Endpoint{Port: 7}},
			socket.ReasonNone,
		},
		{"a listener without a file", socket.Socket{Proto: socket.TCP, State: socket.Listen}, socket.ReasonUnknown},
		{"a datagram socket without a file", socket.Socket{Proto: socket.UDP, State: socket.Unconn}, socket.ReasonUnknown},
		{"connecting without a file", socket.Socket{Proto: socket.TCP, State: socket.SynSent}, socket.ReasonUnknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := reasonAtSight(&tt.row); got != tt.want {
				t.Errorf("reason %q, want %q", got, tt.want)
			}
		})
	}
}
