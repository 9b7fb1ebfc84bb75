package machine

import (
	"net/netip"

	"github.com/sockls/sockls/collector/socket"
)

// Forward is one rule that changes the destination of what arrives.
type Forward struct {
	// Source is "nftables", "iptables" or "ipvs", Where the place of the rule as
	// its own tool names it, such as "ip nat DOCKER". It is hostile text.
	Source, Where string
	// Comment is what its author wrote beside it, "" for nothing; hostile.
	Comment string

	// Proto is what it catches, ProtoUnknown for all; Family is FamilyUnspec for both.
	Proto  socket.Proto
	Family socket.Family
	// To are the destinations it catches: addresses (none for all; Local for all
	// addresses of this machine) and ports (none for all). NotTo are addresses
	// that it leaves alone.
	To, NotTo []netip.Prefix
	Local     bool
	Ports     []Ports
	// Interface is the interface it must arrive on, "" for any; one that ends in
	// an asterisk stands for all whose names begin so. NotInterfaces are those it
	// must not arrive on. Outgoing is set for a rule that is about what this
	// machine sends (OUTPUT), Incoming for one that is about what arrives
	// (PREROUTING); chains can be called from both. What this machine sends to
	// itself has passed OUTPUT and is not asked again in PREROUTING.
	Interface          string
	NotInterfaces      []string
	Incoming, Outgoing bool
	// Partial is set when the rule has conditions that were not understood or
	// depend on more than the destination (marks, sources, sets): it catches
	// some of this.
	Partial bool
	// Earlier are the rules that are asked before it and take connections away
	// from it: one list for each way that leads to the rule.
	Earlier []*Earlier

	// Target is where it goes. The address is invalid for a redirection to this
	// machine itself, the port 0 where it stays what it was. Targets are there
	// where a rule spreads over several; of a large range they are the ends.
	// Elsewhere is set where the address cannot be told: it is part of the
	// connection, or of a set that was not understood.
	Target    netip.AddrPort
	Targets   []netip.AddrPort
	Elsewhere bool
}

// Match is what a rule asks of a connection; its fields are those of Forward.
type Match struct {
	Proto              socket.Proto
	Family             socket.Family
	To, NotTo          []netip.Prefix
	Local              bool
	Ports              []Ports
	Interface          string
	NotInterfaces      []string
	Incoming, Outgoing bool
	Partial            bool
}

// Earlier is a rule that ends the way of a connection before another sees it: it
// accepts, drops or returns it, or sends it somewhere else. Next is the one
// before it. Unless are those that were before it and whose end was not that of
// the way, but of a chain that has been left since.
type Earlier struct {
	Match
	Unless []*Earlier
	Next   *Earlier
}

// Match is what f asks of a connection, regardless of earlier rules.
func (f *Forward) Match() Match {
	return Match{
		Proto: f.Proto, Family: f.Family, To: f.To, NotTo: f.NotTo, Local: f.Local, Ports: f.Ports,
		Interface: f.Interface, NotInterfaces: f.NotInterfaces,
		Incoming: f.Incoming, Outgoing: f.Outgoing, Partial: f.Partial,
	}
}
