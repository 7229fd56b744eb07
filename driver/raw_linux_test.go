package driver

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func ipAddr(s string) Addr { return Addr{AddrPort: netip.MustParseAddrPort(s)} }

func TestRawAddr(t *testing.T) {
	for _, c := range []struct {
		in, out Addr
		family  uint16
		n       uint32
	}{
		{ipAddr("127.0.0.1:80"), ipAddr("127.0.0.1:80"), unix.AF_INET, 16},
		{ipAddr("1.2.3.4:65535"), ipAddr("1.2.3.4:65535"), unix.AF_INET, 16},
		{ipAddr("[::ffff:1.2.3.4]:258"), ipAddr("1.2.3.4:258"), unix.AF_INET, 16},
		{ipAddr("[::1]:80"), ipAddr("[::1]:80"), unix.AF_INET6, 28},
		{ipAddr("[fe80::1%lo]:80"), ipAddr("[fe80::1%lo]:80"), unix.AF_INET6, 28},
		{ipAddr("[fe80::1%1]:80"), ipAddr("[fe80::1%lo]:80"), unix.AF_INET6, 28},
		{ipAddr("[fe80::1%999999]:80"), ipAddr("[fe80::1%999999]:80"), unix.AF_INET6, 28},
		{Addr{Path: "/tmp/x"}, Addr{Path: "/tmp/x"}, unix.AF_UNIX, 2 + 7},
		{Addr{Path: "@abstract"}, Addr{Path: "@abstract"}, unix.AF_UNIX, 2 + 9},
		{Addr{Path: "@a\x00b"}, Addr{Path: "@a\x00b"}, unix.AF_UNIX, 2 + 4},
		{Addr{Path: strings.Repeat("p", 107)}, Addr{Path: strings.Repeat("p", 107)}, unix.AF_UNIX, 2 + 108},
		{Addr{Path: "@" + strings.Repeat("p", 107)}, Addr{Path: "@" + strings.Repeat("p", 107)}, unix.AF_UNIX, 2 + 108},
	} {
		var r rawAddr
		if err := r.encode(c.in); err != nil {
			t.Errorf("%v: %v", c.in, err)
			continue
		}
		if r.sa.Addr.Family != c.family || r.n != c.n {
			t.Errorf("%v: family %d, %d bytes; want %d, %d", c.in, r.sa.Addr.Family, r.n, c.family, c.n)
		}
		if got := r.decode(); got != c.out {
			t.Errorf("%v came back as %v, want %v", c.in, got, c.out)
		}
	}
	for _, bad := range []Addr{{}, {Path: "a\x00b"}, {Path: strings.Repeat("p", 108)}, {Path: "@" + strings.Repeat("p", 108)},
		ipAddr("[fe80::1%nosuchinterface]:80"), ipAddr("[fe80::1%lo0123456789012345]:80")} {
		if err := new(rawAddr).encode(bad); err == nil {
			t.Errorf("%v was encoded", bad)
		}
	}
	for _, empty := range []rawAddr{{}, {n: 2, sa: unix.RawSockaddrAny{Addr: unix.RawSockaddr{Family: unix.AF_UNIX}}},
		{n: 20, sa: unix.RawSockaddrAny{Addr: unix.RawSockaddr{Family: unix.AF_NETLINK}}}} {
		if got := empty.decode(); got != (Addr{}) {
			t.Errorf("no address was decoded as %+v", got)
		}
	}
}

func TestRawVec(t *testing.T) {
	v := &Vec{Bufs: [][]byte{nil, []byte("ab"), {}, []byte("c")}}
	if iov := v.iovecs(); len(iov) != 2 || *iov[0].Base != 'a' || iov[0].Len != 2 || *iov[1].Base != 'c' {
		t.Errorf("%+v", iov)
	}
	v.Bufs = bytes.SplitAfter(make([]byte, 2000), []byte{0})
	if n := len(v.iovecs()); n != 1024 {
		t.Errorf("%d of 2000 buffers in one call", n)
	}
	v.Bufs = [][]byte{[]byte("z")}
	iov := v.iovecs()
	if len(iov) != 1 {
		t.Fatalf("%+v", iov)
	}
	for _, old := range iov[1:cap(iov)] {
		if old.Base != nil {
			t.Fatal("a buffer of an earlier call is kept alive")
		}
	}
}

// TestRawDatagrams sends messages with addresses through a dual-stack socket.
func TestRawDatagrams(t *testing.T) {
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Skip(err)
	}
	defer unix.Close(fd)
	if err := unix.Bind(fd, &unix.SockaddrInet6{}); err != nil {
		t.Fatal(err)
	}
	local, err := kernelSockets{}.LocalAddr(fd)
	if err != nil {
		t.Fatal(err)
	}
	for _, ip := range []string{"127.0.0.1", "::1"} {
		ep := testEpoll(t, Options{})
		to := Addr{AddrPort: netip.AddrPortFrom(netip.MustParseAddr(ip), local.Port())}
		out := &Msg{Bufs: [][]byte{[]byte("to "), []byte(ip)}, Addr: to}
		in := &Msg{Bufs: [][]byte{make([]byte, 4), make([]byte, 40)}, Control: make([]byte, 64)}
		var send, receive Op
		var sent, received outcomes
		receive.RecvMsg(fd, in, &received)
		ep.Submit(&receive)
		send.SendMsg(fd, out, &sent)
		ep.Submit(&send)
		await(t, ep, func() bool { return sent.ends == 1 && received.ends == 1 })
		text := string(in.Bufs[0]) + string(in.Bufs[1])
		if r := received.last(t); r.Err != nil || text[:r.N] != "to "+ip || in.Addr != to || in.ControlN != 0 {
			t.Errorf("sent %+v; received %+v from %v, %q", sent.results, r, in.Addr, text)
		}
	}
}

func TestOpenPathWithZero(t *testing.T) {
	ep := testEpoll(t, Options{})
	var op Op
	var o outcomes
	op.Open(&OpenArgs{Path: "a\x00b"}, &o)
	ep.Submit(&op)
	await(t, ep, func() bool { return o.ends == 1 })
	if err := o.last(t).Err; err != unix.EINVAL {
		t.Errorf("%v", err)
	}
}
