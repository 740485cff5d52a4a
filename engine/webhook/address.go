package webhook

import (
	"errors"
	"fmt"
	"net/netip"
	"syscall"
)

// errAddress is returned for an address that no request may go to.
var errAddress = errors.New("address is not public")

// special are the networks within the global unicast space that lead to no host of the public: IANA's registries of special-purpose addresses (RFC 6890), as
// of 2026. It is not changed.
var special = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
	"192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16",
)

var (
	globalV6  = netip.MustParsePrefix("2000::/3")     // RFC 4291: all that is given out
	nat64     = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052: the last 4 bytes are an IPv4 address
	sixToFour = netip.MustParsePrefix("2002::/16")    // RFC 3056: bytes 2 to 5 are one
)

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, text := range list {
		out[i] = netip.MustParsePrefix(text)
	}
	return out
}

// public reports whether an address is one of the public Internet. An address that carries an IPv4 address is as that one.
func public(a netip.Addr) bool {
	a = a.Unmap()
	if a.Zone() != "" || !a.IsValid() {
		return false
	}
	if a.Is6() {
		b := a.As16()
		switch {
		case nat64.Contains(a):
			return public(netip.AddrFrom4([4]byte(b[12:])))
		case sixToFour.Contains(a):
			return public(netip.AddrFrom4([4]byte(b[2:6])))
		case !globalV6.Contains(a):
			return false
		}
	}
	for _, p := range special {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// guard says which addresses requests may go to.
type guard struct{ allowed []netip.Prefix }

func (g guard) check(a netip.Addr) error {
	if public(a) {
		return nil
	}
	for _, p := range g.allowed {
		if p.Contains(a.Unmap().WithZone("")) {
			return nil
		}
	}
	return fmt.Errorf("%w: %s", errAddress, a)
}

// control is a net.Dialer's: it sees the address that is about to be connected to, after every name was resolved.
func (g guard) control(network, address string, _ syscall.RawConn) error {
	if network != "tcp4" && network != "tcp6" {
		return fmt.Errorf("%w: network %s", errAddress, network)
	}
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %.60q", errAddress, address)
	}
	return g.check(to.Addr())
}
