package fact

import "github.com/sockls/sockls/collector/socket"

// memoryFacts are the SK_MEMINFO_VARS array (ss -m). The number in each is how
// many entries a kernel has that tells it.
func memoryFacts() []Fact {
	return []Fact{
		memory(1, "rmem", Bytes, "bytes of memory held by what was received and not read",
			func(m *socket.Memory) *uint32 { return &m.ReceiveAlloc }),
		memory(2, "rcvbuf", Bytes, "receive buffer, the most that rmem may be, in bytes",
			func(m *socket.Memory) *uint32 { return &m.ReceiveBuffer }),
		memory(3, "wmem", Bytes, "bytes of memory held by what was handed to the network layers",
			func(m *socket.Memory) *uint32 { return &m.SendAlloc }),
		memory(4, "sndbuf", Bytes, "send buffer, the most that wmem may be, in bytes",
			func(m *socket.Memory) *uint32 { return &m.SendBuffer }),
		memory(5, "fwd-alloc", Bytes, "bytes set aside for the socket and not in use",
			func(m *socket.Memory) *int32 { return &m.ForwardAlloc }),
		memory(6, "wmem-queued", Bytes, "bytes of memory held by everything waiting to be sent or acknowledged",
			func(m *socket.Memory) *uint32 { return &m.SendQueued }),
		memory(7, "optmem", Bytes, "bytes of memory held by options and filters",
			func(m *socket.Memory) *uint32 { return &m.OptionMemory }),
		memory(8, "backlog", Bytes, "bytes of memory held by packets that arrived while the socket was in use",
			func(m *socket.Memory) *uint32 { return &m.Backlog }),
		memory(9, "drops", Count, "packets dropped before they reached the socket",
			func(m *socket.Memory) *uint32 { return &m.Drops }),
	}
}

func memory[T integer](entries uint8, name string, kind Kind, help string, at func(*socket.Memory) *T) Fact {
	return number(Memory, name, kind, socket.DetailMemory, help, func(s *socket.Socket, create bool) *T {
		d := details(s, create)
		if d == nil {
			return nil
		}
		if create {
			if d.Memory == nil {
				d.Memory = &socket.Memory{}
			}
			d.Memory.Entries = max(d.Memory.Entries, entries)
		}
		if d.Memory == nil || d.Memory.Entries < entries {
			return nil
		}
		return at(d.Memory)
	})
}
