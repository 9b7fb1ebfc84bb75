package socket

// kernelNames are the names that struct proto carries in the kernel's sources:
// the first column of /proc/net/protocols and the sockfs attribute
// system.sockprotoname.
var kernelNames = map[string]Proto{
	"TCP": TCP, "TCPv6": TCP,
	"MPTCP": MPTCP, "MPTCPv6": MPTCP,
	"UDP": UDP, "UDPv6": UDP,
	"UDP-Lite": UDPLite, "UDPLITEv6": UDPLite,
	"SCTP": SCTP, "SCTPv6": SCTP,
	"RAW": Raw, "RAWv6": Raw,
	"PING": Ping, "PINGv6": Ping,
	"UNIX": Unix, "UNIX-STREAM": Unix,
	"PACKET": Packet, "NETLINK": Netlink, "AF_VSOCK": Vsock, "XDP": XDP, "TIPC": TIPC,
}

// ProtoOfKernel names the protocol that the kernel calls by this name,
// ProtoUnknown for one that this program does not know.
func ProtoOfKernel(name string) Proto { return kernelNames[name] }
