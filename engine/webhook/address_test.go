package webhook

import (
	"net/netip"
	"testing"
)

func TestPublic(t *testing.T) {
	for text, want := range map[string]bool{
		"8.8.8.8": true, "1.1.1.1": true, "93.184.216.34": true, "172.32.0.1": true, "11.0.0.1": true, "100.128.0.1": true, "192.0.1.1": true,
		"2606:2800:220:1::1": true, "2a00:1450:4001::5": true, "2001:4860:4860::8888": true,
		"::ffff:8.8.8.8": true, "64:ff9b::8.8.8.8": true, "2002:808:808::1": true,

		"127.0.0.1": false, "127.255.255.254": false, "0.0.0.0": false, "0.1.2.3": false, "10.0.0.1": false, "172.16.0.1": false, "172.31.255.255": false,
		"192.168.1.1": false, "169.254.169.254": false, "100.64.0.1": false, "100.127.255.255": false, "192.0.0.8": false, "192.0.2.1": false,
		"192.88.99.1": false, "198.18.0.1": false, "198.19.255.255": false, "198.51.100.1": false, "203.0.113.9": false,
		"224.0.0.1": false, "239.255.255.255": false, "240.0.0.1": false, "255.255.255.255": false,

		"::": false, "::1": false, "::ffff:127.0.0.1": false, "::ffff:10.1.2.3": false, "::ffff:169.254.169.254": false, "::127.0.0.1": false,
		"64:ff9b::127.0.0.1": false, "64:ff9b::a00:1": false, "64:ff9b:1::8.8.8.8": false, "2002:7f00:1::1": false, "2002:a00:1::": false, "2002:c0a8:101::": false,
		"fc00::1": false, "fd12:3456::1": false, "fe80::1": false, "fe80::1%eth0": false, "fec0::1": false, "ff02::1": false, "ff0e::1": false,
		"100::1": false, "2001:0:1234::1": false, "2001:2::1": false, "2001:db8::1": false, "3fff::1": false, "5f00::1": false, "4000::1": false,
		"2606:2800:220:1::1%lo": false,
	} {
		if got := public(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: public is %v", text, got)
		}
	}
	if public(netip.Addr{}) {
		t.Error("no address is public")
	}
}

func TestAllowedNetworks(t *testing.T) {
	g := guard{[]netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00::/8")}}
	for text, want := range map[string]bool{"10.1.2.3": true, "::ffff:10.1.2.3": true, "10.2.0.1": false, "fd00::5": true, "127.0.0.1": false, "8.8.8.8": true} {
		if got := g.check(netip.MustParseAddr(text)) == nil; got != want {
			t.Errorf("%s: allowed is %v", text, got)
		}
	}
	for _, address := range []string{"127.0.0.1:80", "[::ffff:127.0.0.1]:443", "[fe80::1%lo]:80", "nonsense", "10.1.2.3"} {
		if (guard{}).control("tcp4", address, nil) == nil {
			t.Errorf("%s may be dialled", address)
		}
	}
	if g.control("unix", "8.8.8.8:80", nil) == nil || g.control("tcp4", "8.8.8.8:80", nil) != nil {
		t.Error("another network may be dialled, or a public address may not")
	}
}
