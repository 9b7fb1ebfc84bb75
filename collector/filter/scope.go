package filter

import (
	"net/netip"

	"github.com/sockls/sockls/collector/socket"
)

var scopeNames = [...]string{"wildcard", "loopback", "private", "public"}

// String returns the word that the language has for it.
func (s AddressScope) String() string {
	if int(s) >= len(scopeNames) {
		return ""
	}
	return scopeNames[s]
}

func (c Scope) has(s *socket.Socket, end *socket.Endpoint) bool {
	addr, ok := addressOf(s, end)
	if !ok {
		return false
	}
	scope, ok := ScopeOf(addr)
	return ok && scope == c.Scope
}

// ScopeOf returns the scope of an address. Multicast and broadcast addresses
// have none. IPv4-mapped addresses are what they map.
func ScopeOf(addr netip.Addr) (AddressScope, bool) {
	addr = addr.Unmap()
	switch {
	case addr.IsUnspecified():
		return ScopeWildcard, true
	case addr.IsLoopback():
		return ScopeLoopback, true
	case addr.IsPrivate(), addr.IsLinkLocalUnicast(), shared(addr):
		return ScopePrivate, true
	case addr.IsGlobalUnicast():
		return ScopePublic, true
	}
	return 0, false
}

// shared reports whether addr is in 100.64.0.0/10 (RFC 6598).
func shared(addr netip.Addr) bool {
	if !addr.Is4() {
		return false
	}
	b := addr.As4()
	return b[0] == 100 && b[1]&0xc0 == 64
}
