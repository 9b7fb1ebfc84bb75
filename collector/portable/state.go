package portable

import (
	"fmt"
	"strings"

	"github.com/sockls/sockls/collector/socket"
)

// states are the spellings that systems have, in lower case and without the
// marks between words.
var states = map[string]socket.State{
	"closed": socket.Close, "close": socket.Close, "idle": socket.Close,
	"bound":  socket.Bound,
	"listen": socket.Listen, "listening": socket.Listen,
	"synsent": socket.SynSent, "synreceived": socket.SynRecv, "synrecv": socket.SynRecv, "synrcvd": socket.SynRecv,
	"established": socket.Established, "estab": socket.Established,
	"closewait": socket.CloseWait,
	"finwait1":  socket.FinWait1, "finwait2": socket.FinWait2, "finwait": socket.FinWait1,
	"closing": socket.Closing, "lastack": socket.LastAck, "timewait": socket.TimeWait,
	// MIB_TCP_STATE_DELETE_TCB of Windows: the connection is being taken apart.
	"deletetcb": socket.Close, "delete": socket.Close,
}

// stateOf reads a state. UDP has none of its own: with a peer it is connected.
func stateOf(text string, proto socket.Proto, peer bool) (socket.State, error) {
	if proto != socket.TCP {
		if peer {
			return socket.Established, nil
		}
		return socket.Unconn, nil
	}
	word := strings.Map(func(r rune) rune {
		switch {
		case r == '_', r == '-', r == ' ', r == '(', r == ')':
			return -1
		case 'A' <= r && r <= 'Z':
			return r - 'A' + 'a'
		}
		return r
	}, text)
	if word == "" || word == "none" {
		return socket.StateUnknown, nil
	}
	if s, ok := states[word]; ok {
		return s, nil
	}
	return socket.StateUnknown, fmt.Errorf("state %.40q", text)
}
