package saved

import (
	"math"
	"time"

	"github.com/sockls/sockls/collector/fact"
	"github.com/sockls/sockls/collector/socket"
)

// row is one socket as a file tells of it.
type row struct {
	socket.Socket
	// has are the details that the file tells of it.
	has socket.Detail
}

// decoder turns JSON objects into rows; it is the inverse of jsonout.AppendSocket.
type decoder struct {
	*scanner
	row           row
	local, remote end
	device, user  text
	named         bool // there was a proto
	inSocket      bool // of which not all was read
	complete      int  // sockets of which all was read
	// host and at are those of the row, where it is a line of its own.
	host      text
	at        time.Time
	groups    []group
	ns        *socket.NetNS           // of the row before
	processes map[int]*socket.Process // the last of each id
}

func newDecoder(s *scanner) *decoder {
	d := &decoder{scanner: s, processes: map[int]*socket.Process{}}
	for _, g := range fact.Groups() {
		d.groups = append(d.groups, group{name: g.String(), group: g})
	}
	return d
}

// socket reads one object.
func (d *decoder) socket() {
	d.start()
	d.begin()
	at := d.token
	for key := range d.object {
		if !d.key(key) {
			d.skip()
		}
	}
	d.finish(at)
}

// start forgets the row before.
func (d *decoder) start() {
	d.row = row{}
	d.local, d.remote = end{}, end{}
	d.device, d.user, d.host = text{}, text{}, text{}
	d.named, d.inSocket = false, true
	d.at = time.Time{}
}

// key reads the value of one key of a socket. It reports false, and reads
// nothing, where the key is none of a socket.
func (d *decoder) key(key []byte) bool {
	s := &d.row.Socket
	switch string(key) {
	case "host":
		d.text(&d.host)
	case "host_base64":
		d.twin(&d.host)
	case "time":
		d.at = d.time()
	case "proto":
		s.Proto, d.named = oneOf(d, "protocol", socket.ProtoUnknown, socket.TIPC), true
	case "family":
		s.Family = oneOf(d, "family", socket.FamilyUnspec, socket.FamilyTIPC)
	case "type":
		s.Type = oneOf(d, "type", socket.TypeUnknown, socket.Seqpacket)
	case "state":
		s.State = oneOf(d, "state", socket.StateUnknown, socket.ShutdownAckSent)
	case "local":
		d.local.read(d)
	case "remote":
		d.remote.read(d)
	case "device":
		d.text(&d.device)
	case "device_base64":
		d.twin(&d.device)
	case "v6only":
		if !d.null() {
			s.V6Only = socket.TriOf(d.bool())
		}
	case "recv_q":
		if s.NoQueues = d.null(); !s.NoQueues {
			s.RecvQ = d.uint32()
		}
	case "send_q":
		if s.NoQueues = d.null(); !s.NoQueues {
			s.SendQ = d.uint32()
		}
	case "uid":
		s.UID, s.HasUID = d.uid()
	case "user":
		d.text(&d.user)
	case "user_base64":
		d.twin(&d.user)
	case "inode":
		s.Inode = d.number()
	case "cookie":
		s.Cookie = d.number()
	case "netns":
		d.netns()
	case "processes":
		d.holders()
	case "no_process":
		if !d.null() {
			s.NoProcess = oneOf(d, "reason", socket.ReasonNone, socket.ReasonUnknown)
		}
	default:
		return d.detail(key)
	}
	return true
}

// finish puts together what is only understood once all keys were read. At is
// where the object began.
func (d *decoder) finish(at place) {
	if d.err != nil {
		return
	}
	s := &d.row.Socket
	if d.token = at; !d.named {
		d.failf(`there is no "proto"`)
		return
	}
	s.Device, s.User = d.device.value, d.user.value
	s.Local = d.local.endpoint(d, s.Proto, false)
	s.Remote = d.remote.endpoint(d, s.Proto, true)
	if hosts := (socket.Hosts{Local: d.local.host.value, Remote: d.remote.host.value}); hosts != (socket.Hosts{}) {
		s.Hosts = &hosts
	}
	if d.err == nil {
		d.inSocket = false
		d.complete++
	}
}

// netns reads the namespace; most rows share one with the row before.
func (d *decoder) netns() {
	if d.null() {
		return
	}
	var (
		ns   socket.NetNS
		name text
	)
	for key := range d.object {
		switch string(key) {
		case "inode":
			ns.Inode = d.number()
		case "name":
			d.text(&name)
		case "name_base64":
			d.twin(&name)
		default:
			d.skip()
		}
	}
	ns.Name = name.value
	if d.ns == nil || *d.ns != ns {
		d.ns = &ns
	}
	d.row.NetNS = d.ns
}

// number is a number that may be null, which is 0.
func (d *decoder) number() uint64 {
	if d.null() {
		return 0
	}
	return d.uint(math.MaxUint64)
}

// uint32 is number for those that have 32 bits.
func (d *decoder) uint32() uint32 {
	if d.null() {
		return 0
	}
	return uint32(d.uint(math.MaxUint32))
}

func (d *decoder) uid() (uid uint32, known bool) {
	if d.null() {
		return 0, false
	}
	return uint32(d.uint(math.MaxUint32)), true
}

// time reads a time of RFC 3339, or null.
func (d *decoder) time() time.Time {
	if d.null() {
		return time.Time{}
	}
	b := d.bytes()
	t, err := time.Parse(time.RFC3339Nano, string(b))
	t = t.UTC() // of which the year can be one that has no four digits
	if err != nil || t.Year() < 0 || t.Year() > 9999 {
		d.failf("%s is not a time", shown(string(b)))
	}
	return t
}

// word is what has names in the contract.
type word interface {
	~uint8
	String() string
}

// oneOf reads one of the words from first to last.
func oneOf[W word](d *decoder, what string, first, last W) W {
	name := d.bytes()
	for w := first; w <= last; w++ {
		if w.String() == string(name) {
			return w
		}
	}
	if d.err == nil {
		d.failf("unknown %s %s", what, shown(string(name)))
	}
	return first
}
