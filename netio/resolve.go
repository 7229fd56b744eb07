package netio

import (
	"net"
	"net/netip"
	"slices"
	"strings"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
)

// resolve turns a host and port into addresses, in the resolver's order of
// preference. Literal addresses need no resolver; names are looked up on a
// goroutine, by package net's.
func resolve(t *async.Task, r *net.Resolver, network, address string) ([]netip.AddrPort, error) {
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, numeric := parsePort(service)
	if ip, err := netip.ParseAddr(host); err == nil && numeric {
		return keepFamily(network, []netip.Addr{ip}, port, address)
	}
	if r == nil {
		r = net.DefaultResolver
	}
	return rondo.Blocking(t, func() ([]netip.AddrPort, error) {
		if !numeric {
			n, err := r.LookupPort(t, network, service)
			if err != nil {
				return nil, err
			}
			port = uint16(n)
		}
		if host == "" {
			return keepFamily(network, []netip.Addr{netip.IPv6Unspecified(), netip.IPv4Unspecified()}, port, address)
		}
		ips, err := r.LookupNetIP(t, "ip", host)
		if err != nil {
			return nil, err
		}
		return keepFamily(network, ips, port, address)
	})
}

// resolveListen resolves an address to listen on; no host means all of them.
func resolveListen(t *async.Task, r *net.Resolver, network, address string) (netip.AddrPort, error) {
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return netip.AddrPort{}, err
	}
	if port, ok := parsePort(service); ok && host == "" {
		if strings.HasSuffix(network, "4") {
			return netip.AddrPortFrom(netip.IPv4Unspecified(), port), nil
		}
		return netip.AddrPortFrom(netip.IPv6Unspecified(), port), nil
	}
	addrs, err := resolve(t, r, network, address)
	if err != nil {
		return netip.AddrPort{}, err
	}
	// As package net does: IPv4 first when both would do.
	for _, a := range addrs {
		if a.Addr().Is4() {
			return a, nil
		}
	}
	return addrs[0], nil
}

// checkNetwork returns an error unless a network is of a protocol, "tcp" or "udp".
func checkNetwork(network, protocol string) error {
	switch network {
	case protocol, protocol + "4", protocol + "6":
		return nil
	}
	return net.UnknownNetworkError(network)
}

func keepFamily(network string, ips []netip.Addr, port uint16, address string) ([]netip.AddrPort, error) {
	var out []netip.AddrPort
	for _, ip := range ips {
		ip = ip.Unmap()
		if strings.HasSuffix(network, "4") && !ip.Is4() || strings.HasSuffix(network, "6") && !ip.Is6() {
			continue
		}
		out = append(out, netip.AddrPortFrom(ip, port))
	}
	if len(out) == 0 {
		return nil, &net.AddrError{Err: "no suitable address", Addr: address}
	}
	return out, nil
}

// keepReachable keeps the addresses that can be reached from a local one.
func keepReachable(addrs []netip.AddrPort, local netip.AddrPort, address string) ([]netip.AddrPort, error) {
	is4 := local.Addr().Unmap().Is4()
	addrs = slices.DeleteFunc(addrs, func(a netip.AddrPort) bool { return a.Addr().Is4() != is4 })
	if len(addrs) == 0 {
		return nil, &net.AddrError{Err: "no suitable address", Addr: address}
	}
	return addrs, nil
}

func parsePort(s string) (uint16, bool) {
	if s == "" {
		return 0, true
	}
	n := 0
	for _, d := range []byte(s) {
		if d < '0' || d > '9' {
			return 0, false
		}
		if n = n*10 + int(d-'0'); n > 0xffff {
			return 0, false
		}
	}
	return uint16(n), true
}
