package descriptor

import (
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/socket"
)

func TestIdentify(t *testing.T) {
	t.Parallel()
	tests := []struct {
		domain, kind, protocol int
		family                 socket.Family
		proto                  socket.Proto
	}{
		{unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_TCP, socket.IPv4, socket.TCP},
		{unix.AF_INET6, unix.SOCK_STREAM, unix.IPPROTO_MPTCP, socket.IPv6, socket.MPTCP},
		{unix.AF_INET6, unix.SOCK_DGRAM, unix.IPPROTO_UDP, socket.IPv6, socket.UDP},
		{unix.AF_INET, unix.SOCK_DGRAM, unix.IPPROTO_UDPLITE, socket.IPv4, socket.UDPLite},
		{unix.AF_INET, unix.SOCK_SEQPACKET, unix.IPPROTO_SCTP, socket.IPv4, socket.SCTP},
		{unix.AF_INET, unix.SOCK_DGRAM, unix.IPPROTO_ICMP, socket.IPv4, socket.Ping},
		{unix.AF_INET6, unix.SOCK_DGRAM, unix.IPPROTO_ICMPV6, socket.IPv6, socket.Ping},
		{unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_TCP, socket.IPv4, socket.Raw},
		{unix.AF_INET, unix.SOCK_STREAM, 256, socket.IPv4, socket.ProtoUnknown}, // SMC
		{unix.AF_UNIX, unix.SOCK_DGRAM, 0, socket.FamilyUnix, socket.Unix},
		{unix.AF_PACKET, unix.SOCK_RAW, 3, socket.FamilyPacket, socket.Packet},
		{unix.AF_NETLINK, unix.SOCK_RAW, 15, socket.FamilyNetlink, socket.Netlink},
		{unix.AF_VSOCK, unix.SOCK_STREAM, 0, socket.FamilyVsock, socket.Vsock},
		{unix.AF_XDP, unix.SOCK_RAW, 0, socket.FamilyXDP, socket.XDP},
		{unix.AF_TIPC, unix.SOCK_RDM, 0, socket.FamilyTIPC, socket.TIPC},
		{unix.AF_ALG, unix.SOCK_SEQPACKET, 0, socket.FamilyUnspec, socket.ProtoUnknown},
	}
	for _, tt := range tests {
		family, proto := identify(tt.domain, tt.kind, tt.protocol)
		if family != tt.family || proto != tt.proto {
			t.Errorf("identify(%d, %d, %d) = %v, %v, want %v, %v",
				tt.domain, tt.kind, tt.protocol, family, proto, tt.family, tt.proto)
		}
	}
}

// bindUnix binds the exact bytes of a name of up to 108 bytes.
func bindUnix(fd int, name string) error {
	address := unix.RawSockaddrUnix{Family: unix.AF_UNIX}
	if len(name) > len(address.Path) {
		return unix.ENAMETOOLONG
	}
	for i := range len(name) {
		address.Path[i] = int8(name[i])
	}
	_, _, errno := unix.Syscall(unix.SYS_BIND, uintptr(fd), uintptr(unsafe.Pointer(&address)), uintptr(2+len(name)))
	if errno != 0 {
		return errno
	}
	return nil
}
