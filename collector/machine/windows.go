package machine

import "github.com/sockls/sockls/collector/socket"

// Exclusion is a range of ports that Windows keeps from programs, for Hyper-V or
// a container, say, though no socket has them.
type Exclusion struct {
	Ports
	Proto  socket.Proto
	Family socket.Family
	// Administered is set where somebody has asked for the range by netsh: the
	// system chooses none of its ports, and a program that asks for one may get it.
	Administered bool
}

// HTTPQueue is what some processes have registered with http.sys, the HTTP server
// in the kernel of Windows. Its listening sockets belong to the process System.
type HTTPQueue struct {
	Name string // hostile
	PIDs []int
	// Programs are the names of the processes, in the order of PIDs, "" for one that
	// is not known; nil where nobody has asked. Hostile.
	Programs []string
	// Services are those that run in the processes, where that is told. Hostile.
	Services []string
	URLs     []HTTPURL
}

// HTTPURL is a URL that http.sys serves for somebody.
type HTTPURL struct {
	Text string // hostile
	Host string // a name, an address, "+" or "*" for all. Hostile.
	Port uint16
}
