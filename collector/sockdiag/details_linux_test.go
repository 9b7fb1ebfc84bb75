package sockdiag

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sockls/sockls/collector/netns/nstest"
	"github.com/sockls/sockls/collector/socket"
)

// rowOf asks the running kernel for the row of a socket, with all details.
func rowOf(t *testing.T, p socket.Proto, fd int) socket.Socket {
	t.Helper()
	conn, err := Dial()
	must(t, err)
	c := NewClient(conn, testIfName)
	defer c.Close()
	var found socket.Socket
	cookie := liveOf(t, fd).cookie
	r := Request{Proto: p, IPv4: true, IPv6: true, States: socket.AllStates, Details: all, Tail: TailApart}
	must(t, c.Dump(context.Background(), r, func(s *socket.Socket) error {
		if s.Cookie == cookie {
			found = *s
			found.Details = s.Details.Clone()
		}
		return nil
	}))
	if found.Details == nil {
		t.Fatalf("no row of the %s socket %d", p, cookie)
	}
	return found
}

// pairOf is a TCP connection over loopback; change is called with either end's
// socket before it is connected.
func pairOf(t *testing.T, change func(fd int)) (client, server int) {
	t.Helper()
	listener := open(t, unix.AF_INET, unix.SOCK_STREAM, 0)
	change(listener)
	must(t, unix.Bind(listener, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	must(t, unix.Listen(listener, 1))
	name, err := unix.Getsockname(listener)
	must(t, err)
	client = open(t, unix.AF_INET, unix.SOCK_STREAM, 0)
	change(client)
	must(t, unix.Connect(client, name))
	server, _, err = unix.Accept4(listener, unix.SOCK_CLOEXEC)
	must(t, err)
	t.Cleanup(func() { unix.Close(server) })
	return client, server
}

// TestLiveTCPInfo compares each field that package unix knows with what
// TCP_INFO says of the same socket. Times since events are left out.
func TestLiveTCPInfo(t *testing.T) {
	nstest.Run(t, func(t *testing.T) {
		client, server := pairOf(t, func(int) {})
		chunk := make([]byte, 32<<10)
		for range 8 {
			must(t, write(client, chunk))
			for left := len(chunk); left > 0; {
				n, err := unix.Read(server, chunk)
				must(t, err)
				left -= n
			}
			must(t, write(server, chunk[:100]))
			_, err := unix.Read(client, chunk[:100])
			must(t, err)
		}
		time.Sleep(100 * time.Millisecond) // until delayed acknowledgements are through
		for _, fd := range []int{client, server} {
			got := *rowOf(t, socket.TCP, fd).Details.TCP
			truth, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
			must(t, err)
			if got.RTT == 0 || got.BytesAcked < 800 || got.DataSegsOut == 0 || got.DeliveryRate == 0 {
				t.Errorf("a connection that was used: %+v", got)
			}
			if got.SegsOut != truth.Segs_out || got.SegsIn != truth.Segs_in {
				t.Errorf("segments %d, %d, want %d, %d", got.SegsOut, got.SegsIn, truth.Segs_out, truth.Segs_in)
			}
			want := socket.TCPInfo{
				Size: got.Size, CAState: truth.Ca_state, Retransmits: truth.Retransmits, Probes: truth.Probes, Backoff: truth.Backoff,
				Options: socket.TCPOptions(truth.Options), SendWScale: got.SendWScale, RecvWScale: got.RecvWScale,
				AppLimited: got.AppLimited, FastOpenFail: got.FastOpenFail,
				RTO: truth.Rto, ATO: truth.Ato, SendMSS: truth.Snd_mss, RecvMSS: truth.Rcv_mss,
				Unacked: truth.Unacked, Sacked: truth.Sacked, Lost: truth.Lost, Retrans: truth.Retrans, Fackets: truth.Fackets,
				LastDataSent: got.LastDataSent, LastDataRecv: got.LastDataRecv, LastAckRecv: got.LastAckRecv,
				PMTU: truth.Pmtu, RecvSsthresh: truth.Rcv_ssthresh, RTT: truth.Rtt, RTTVar: truth.Rttvar,
				SendSsthresh: truth.Snd_ssthresh, Cwnd: truth.Snd_cwnd, AdvMSS: truth.Advmss, Reordering: truth.Reordering,
				RecvRTT: truth.Rcv_rtt, RecvSpace: truth.Rcv_space, TotalRetrans: truth.Total_retrans,
				PacingRate: truth.Pacing_rate, MaxPacingRate: truth.Max_pacing_rate,
				BytesAcked: truth.Bytes_acked, BytesReceived: truth.Bytes_received, SegsOut: truth.Segs_out, SegsIn: truth.Segs_in,
				NotSent: truth.Notsent_bytes, MinRTT: truth.Min_rtt, DataSegsIn: truth.Data_segs_in, DataSegsOut: truth.Data_segs_out,
				DeliveryRate: truth.Delivery_rate, BusyTime: truth.Busy_time, RwndLimited: truth.Rwnd_limited, SndbufLimited: truth.Sndbuf_limited,
				Delivered: truth.Delivered, DeliveredCE: truth.Delivered_ce, BytesSent: truth.Bytes_sent, BytesRetrans: truth.Bytes_retrans,
				DSACKDups: truth.Dsack_dups, ReordSeen: truth.Reord_seen, RecvOOOPack: truth.Rcv_ooopack, SendWnd: truth.Snd_wnd,
				RecvWnd: truth.Rcv_wnd, Rehash: truth.Rehash,
				TotalRTO: got.TotalRTO, TotalRTORecoveries: got.TotalRTORecoveries, TotalRTOTime: got.TotalRTOTime,
				AccECN: got.AccECN, Congestion: got.Congestion, BBR: got.BBR,
			}
			if got.RecvWnd == 0 || got.RecvWScale == 0 || got.RecvWScale > 14 {
				t.Errorf("the window offered is %d, scaled by %d", got.RecvWnd, got.RecvWScale)
			}
			if diff := diffRows(want, got); diff != "" {
				t.Errorf("tcp_info (-TCP_INFO +sock_diag):\n%s", diff)
			}
			name, err := unix.GetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION)
			must(t, err)
			if got.Congestion != name {
				t.Errorf("congestion control %q, want %q", got.Congestion, name)
			}
		}
	})
}

func write(fd int, b []byte) error {
	n, err := unix.Write(fd, b)
	if err == nil && n != len(b) {
		return errors.New("short write")
	}
	return err
}

// TestLiveCongestion: each control at hand is named, and bbr tells more.
func TestLiveCongestion(t *testing.T) {
	nstest.Run(t, func(t *testing.T) {
		for _, name := range []string{"reno", "cubic", "bbr"} {
			if unix.SetsockoptString(open(t, unix.AF_INET, unix.SOCK_STREAM, 0), unix.IPPROTO_TCP, unix.TCP_CONGESTION, name) != nil {
				continue
			}
			client, _ := pairOf(t, func(fd int) {
				must(t, unix.SetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION, name))
			})
			info := rowOf(t, socket.TCP, client).Details.TCP
			if info.Congestion != name || (info.BBR != nil) != (name == "bbr") {
				t.Errorf("%s: %q, %+v", name, info.Congestion, info.BBR)
			}
			if info.BBR != nil && info.BBR.PacingGain < 256 {
				t.Errorf("bbr starts with a pacing gain of %d", info.BBR.PacingGain)
			}
		}
	})
}

// TestLiveOptions: what was set is what is told.
func TestLiveOptions(t *testing.T) {
	nstest.Run(t, func(t *testing.T) {
		client, server := pairOf(t, func(fd int) {
			must(t, unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_MARK, 0x2a))
			must(t, unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_TOS, 0x10))
			must(t, unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_FREEBIND, 1))
			must(t, unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_TRANSPARENT, 1))
			must(t, unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1))
			must(t, unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_MULTICAST_LOOP, 0))
			must(t, unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PRIORITY, 5))
		})
		must(t, unix.Shutdown(client, unix.SHUT_WR))
		must(t, unix.Shutdown(server, unix.SHUT_RD))
		d := rowOf(t, socket.TCP, client).Details
		want := &socket.IPOptions{
			TOS: 0x10, HasTOS: true, ClassID: 5, HasClassID: true,
			Flags: socket.IPIsICSK | socket.IPFreebind | socket.IPTransparent | socket.IPMulticastAll | socket.IPBindAddressNoPort, HasFlags: true,
		}
		if diff := diffRows(want, d.IP); diff != "" {
			t.Errorf("options (-want +got):\n%s", diff)
		}
		e := d.Extended
		if e.Shutdown != socket.ShutdownSend || !e.HasShutdown || e.Mark != 0x2a || !e.HasMark || !e.HasMD5Keys || e.MD5Keys != 0 {
			t.Errorf("extended: %+v", e)
		}
		if s := rowOf(t, socket.TCP, server).Details.Extended.Shutdown; s&socket.ShutdownReceive == 0 {
			t.Errorf("the server, which shut down receiving and got the client's end: %v", s)
		}

		six := open(t, unix.AF_INET6, unix.SOCK_DGRAM, 0)
		must(t, unix.SetsockoptInt(six, unix.IPPROTO_IPV6, unix.IPV6_TCLASS, 0x20))
		must(t, unix.SetsockoptInt(six, unix.IPPROTO_IPV6, unix.IPV6_RECVERR, 1))
		must(t, unix.Bind(six, &unix.SockaddrInet6{}))
		if o := rowOf(t, socket.UDP, six).Details.IP; o.TrafficClass != 0x20 || !o.HasTrafficClass {
			t.Errorf("IPv6 options: %+v", o)
		}

		md5 := open(t, unix.AF_INET, unix.SOCK_STREAM, 0)
		key := unix.TCPMD5Sig{Addr: unix.SockaddrStorage{Family: unix.AF_INET}, Keylen: 6}
		copy(key.Key[:], "secret")
		if err := unix.SetsockoptTCPMD5Sig(md5, unix.IPPROTO_TCP, unix.TCP_MD5SIG, &key); err != nil {
			t.Logf("a kernel without TCP-MD5: %v", err)
			return
		}
		must(t, unix.Bind(md5, &unix.SockaddrInet4{}))
		must(t, unix.Listen(md5, 1))
		if n := rowOf(t, socket.TCP, md5).Details.Extended.MD5Keys; n != 1 {
			t.Errorf("%d MD5 keys, want 1", n)
		}
	})
}

// TestLiveMemory compares with SO_MEMINFO.
func TestLiveMemory(t *testing.T) {
	nstest.Run(t, func(t *testing.T) {
		client, server := pairOf(t, func(int) {})
		must(t, write(client, make([]byte, 5000)))
		udp := open(t, unix.AF_INET, unix.SOCK_DGRAM, 0)
		must(t, unix.Bind(udp, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
		name, err := unix.Getsockname(udp)
		must(t, err)
		must(t, unix.Sendto(udp, make([]byte, 500), 0, name))
		names, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		must(t, err)
		t.Cleanup(func() { unix.Close(names[0]); unix.Close(names[1]) })
		must(t, write(names[0], make([]byte, 300)))
		for _, tt := range []struct {
			proto socket.Proto
			fd    int
		}{{socket.TCP, client}, {socket.TCP, server}, {socket.UDP, udp}, {socket.Unix, names[0]}} {
			var truth [9]uint32
			length := uint32(unsafe.Sizeof(truth))
			_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(tt.fd), unix.SOL_SOCKET, unix.SO_MEMINFO,
				uintptr(unsafe.Pointer(&truth)), uintptr(unsafe.Pointer(&length)), 0)
			if errno != 0 {
				t.Skipf("SO_MEMINFO: %v", errno)
			}
			want := &socket.Memory{
				Entries: 9, ReceiveAlloc: truth[0], ReceiveBuffer: truth[1], SendAlloc: truth[2], SendBuffer: truth[3],
				ForwardAlloc: int32(truth[4]), SendQueued: truth[5], OptionMemory: truth[6], Backlog: truth[7], Drops: truth[8],
			}
			if diff := diffRows(want, rowOf(t, tt.proto, tt.fd).Details.Memory); diff != "" {
				t.Errorf("%s (-SO_MEMINFO +sock_diag):\n%s", tt.proto, diff)
			}
		}
	})
}

// TestLiveTimers makes the kernel start each of its timers.
func TestLiveTimers(t *testing.T) {
	nstest.Run(t, func(t *testing.T) {
		idle, _ := pairOf(t, func(int) {})
		kept, _ := pairOf(t, func(fd int) {
			must(t, unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1))
			must(t, unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 100))
		})
		// A reader that does not read: the window closes and is probed.
		full, _ := pairOf(t, func(fd int) { must(t, unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 4096)) })
		must(t, unix.SetNonblock(full, true))
		for {
			if _, err := unix.Write(full, make([]byte, 4096)); err != nil {
				break
			}
		}
		// A queue with no room: the connection is asked for and not answered.
		listener := open(t, unix.AF_INET, unix.SOCK_STREAM, 0)
		must(t, unix.Bind(listener, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
		must(t, unix.Listen(listener, 0))
		name, err := unix.Getsockname(listener)
		must(t, err)
		must(t, unix.Connect(open(t, unix.AF_INET, unix.SOCK_STREAM, 0), name))
		asking := open(t, unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK, 0)
		if err := unix.Connect(asking, name); !errors.Is(err, unix.EINPROGRESS) {
			t.Errorf("connect: %v", err)
		}
		for _, tt := range []struct {
			name string
			fd   int
			want socket.TimerKind
			most uint32
		}{
			{"idle", idle, socket.TimerOff, 0},
			{"keepalive", kept, socket.TimerKeepalive, 100_000},
			{"zero window", full, socket.TimerPersist, 120_000},
			{"SYN_SENT", asking, socket.TimerOn, 3_000},
		} {
			var got *socket.Timer
			for range 50 { // the window closes when its last byte has been acknowledged
				if got = rowOf(t, socket.TCP, tt.fd).Details.Timer; got.Kind == tt.want {
					break
				}
				time.Sleep(20 * time.Millisecond)
			}
			if got.Kind != tt.want || got.Expires > tt.most || tt.want == socket.TimerKeepalive && got.Expires < 90_000 {
				t.Errorf("%s: %+v", tt.name, got)
			}
		}

		closing, other := pairOf(t, func(int) {})
		local := portOf(t, closing)
		unix.Close(closing)
		unix.Close(other)
		time.Sleep(20 * time.Millisecond)
		found := false
		conn, err := Dial()
		must(t, err)
		c := NewClient(conn, testIfName)
		defer c.Close()
		r := Request{Proto: socket.TCP, IPv4: true, States: socket.StateSetOf(socket.TimeWait), Details: all}
		must(t, c.Dump(context.Background(), r, func(s *socket.Socket) error {
			if s.Local.Port == local {
				found = true
				if w := s.Details.Timer; w.Kind != socket.TimerTimeWait || w.Expires < 50_000 || w.Expires > 60_000 {
					t.Errorf("TIME_WAIT: %+v", w)
				}
				if s.Details.TCP != nil || s.Details.Memory != nil {
					t.Errorf("what is left of a connection has details: %+v", s.Details)
				}
			}
			return nil
		}))
		if !found {
			t.Error("there is no TIME_WAIT")
		}
	})
}

// TestLiveMPTCPInfo: a connection tells of itself, and its path that it is one.
func TestLiveMPTCPInfo(t *testing.T) {
	needs(t, unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_MPTCP)
	nstest.Run(t, func(t *testing.T) {
		listener := open(t, unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_MPTCP)
		must(t, unix.Bind(listener, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
		must(t, unix.Listen(listener, 1))
		name, err := unix.Getsockname(listener)
		must(t, err)
		client := open(t, unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_MPTCP)
		must(t, unix.Connect(client, name))
		must(t, write(client, make([]byte, 1000)))
		time.Sleep(50 * time.Millisecond)
		m := rowOf(t, socket.MPTCP, client).Details.MPTCP
		if m == nil || m.Token == 0 || m.Size < 40 {
			t.Fatalf("mptcp_info: %+v", m)
		}
		if m.Size >= 96 && (m.BytesSent != 1000 || m.SubflowsTotal != 1) {
			t.Errorf("mptcp_info: %+v", m)
		}
		port, paths := portOf(t, client), 0
		conn, err := Dial()
		must(t, err)
		c := NewClient(conn, testIfName)
		defer c.Close()
		r := Request{Proto: socket.TCP, IPv4: true, States: socket.ConnectedStates, Details: socket.DetailTCPInfo}
		must(t, c.Dump(context.Background(), r, func(s *socket.Socket) error {
			if s.Local.Port == port {
				paths++
				if i := s.Details.TCP; i.ULP != "mptcp" || i.Subflow == nil || i.Subflow.TokenLocal != m.Token {
					t.Errorf("the path of %x: %q %+v", m.Token, i.ULP, i.Subflow)
				}
			}
			return nil
		}))
		if paths != 1 {
			t.Errorf("%d paths", paths)
		}
	})
}

// TestLiveFamilies: the specifics of the families that are not of the internet.
func TestLiveFamilies(t *testing.T) {
	nstest.Run(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "sock")
		named := open(t, unix.AF_UNIX, unix.SOCK_STREAM, 0)
		must(t, unix.Bind(named, &unix.SockaddrUnix{Name: path}))
		must(t, unix.Listen(named, 1))
		var st unix.Stat_t
		must(t, unix.Stat(path, &st))
		want := &socket.UnixDetails{VFSInode: uint32(st.Ino), VFSDevice: unix.Major(st.Dev)<<20 | unix.Minor(st.Dev)}
		if diff := diffRows(want, rowOf(t, socket.Unix, named).Details.Extended.Unix); diff != "" {
			t.Errorf("unix (-stat +sock_diag):\n%s", diff)
		}

		link := open(t, unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE)
		must(t, unix.Bind(link, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}))
		for _, group := range []int{1, 5, 6, 7, 33} {
			must(t, unix.SetsockoptInt(link, unix.SOL_NETLINK, unix.NETLINK_ADD_MEMBERSHIP, group))
		}
		must(t, unix.SetsockoptInt(link, unix.SOL_NETLINK, unix.NETLINK_NO_ENOBUFS, 1))
		must(t, unix.SetsockoptInt(link, unix.SOL_NETLINK, unix.NETLINK_CAP_ACK, 1))
		wantLink := &socket.NetlinkDetails{Groups: "1,5-7,33", Flags: socket.NetlinkNoENOBUFS | socket.NetlinkCapAck, HasFlags: true}
		if diff := diffRows(wantLink, rowOf(t, socket.Netlink, link).Details.Extended.Netlink); diff != "" {
			t.Errorf("netlink (-want +got):\n%s", diff)
		}

		packet := open(t, unix.AF_PACKET, unix.SOCK_RAW, 0)
		must(t, unix.Bind(packet, &unix.SockaddrLinklayer{Protocol: 0x0300, Ifindex: 1}))
		must(t, unix.SetsockoptInt(packet, unix.SOL_PACKET, unix.PACKET_AUXDATA, 1))
		must(t, unix.SetsockoptPacketMreq(packet, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP,
			&unix.PacketMreq{Ifindex: 1, Type: unix.PACKET_MR_PROMISC}))
		must(t, unix.SetsockoptInt(packet, unix.SOL_PACKET, unix.PACKET_FANOUT, unix.PACKET_FANOUT_CPU<<16|77))
		must(t, unix.SetsockoptTpacketReq(packet, unix.SOL_PACKET, unix.PACKET_TX_RING,
			&unix.TpacketReq{Block_size: uint32(os.Getpagesize()), Block_nr: 2, Frame_size: 2048, Frame_nr: uint32(os.Getpagesize() / 1024)}))
		program := []unix.SockFilter{{Code: 0x06, K: 0xffff}}
		must(t, unix.SetsockoptSockFprog(packet, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER,
			&unix.SockFprog{Len: 1, Filter: &program[0]}))
		wantPacket := &socket.PacketDetails{
			Flags: socket.PacketRunning | socket.PacketAuxData, Memberships: 1, HasMemberships: true,
			TxRing:   socket.PacketRing{BlockSize: uint32(os.Getpagesize()), Blocks: 2, FrameSize: 2048, Frames: uint32(os.Getpagesize() / 1024)},
			FanoutID: 77, FanoutType: unix.PACKET_FANOUT_CPU, HasFanout: true, FilterLen: 1, HasFilterLen: true,
		}
		if diff := diffRows(wantPacket, rowOf(t, socket.Packet, packet).Details.Extended.Packet); diff != "" {
			t.Errorf("packet (-want +got):\n%s", diff)
		}
	})
}
