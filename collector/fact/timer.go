package fact

import "github.com/sockls/sockls/collector/socket"

// timerFacts are about the timer that runs (ss -o).
func timerFacts() []Fact {
	running := func(s *socket.Socket, create bool) *socket.Timer {
		if t := timer(s, create); t != nil && (create || t.Kind != socket.TimerOff) {
			return t
		}
		return nil
	}
	return []Fact{
		choice(Timer, "timer", socket.DetailTimer,
			"timer that runs: off, on (retransmission), keepalive, time-wait, persist (zero window probe)",
			[]string{"off", "on", "keepalive", "time-wait", "persist"},
			func(s *socket.Socket, create bool) *socket.TimerKind {
				if t := timer(s, create); t != nil {
					return &t.Kind
				}
				return nil
			}),
		number(Timer, "expires", Milliseconds, socket.DetailTimer, "time until the timer fires, in milliseconds",
			func(s *socket.Socket, create bool) *uint32 {
				if t := running(s, create); t != nil {
					return &t.Expires
				}
				return nil
			}),
		number(Timer, "retransmits", Count, socket.DetailTimer, "how often the timer has fired without an answer",
			func(s *socket.Socket, create bool) *uint8 {
				if t := running(s, create); t != nil {
					return &t.Retransmits
				}
				return nil
			}),
	}
}

func timer(s *socket.Socket, create bool) *socket.Timer {
	d := details(s, create)
	if d == nil {
		return nil
	}
	if d.Timer == nil && create {
		d.Timer = &socket.Timer{}
	}
	return d.Timer
}
