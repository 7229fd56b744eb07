package netio

import (
	"net/netip"
	"unsafe"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// Race dials several addresses, as Dial does when it has resolved a name.
func Race(d *Dialer, t *async.Task, addrs []netip.AddrPort) (*Conn, error) { return d.race(t, addrs) }

// Interleave orders addresses by family.
func Interleave(addrs []netip.AddrPort) []netip.AddrPort { return interleave(addrs) }

// SizeOfConn is what an idle connection costs here.
const SizeOfConn = unsafe.Sizeof(Conn{})

// MaxReady and MaxChunks are the limits of what waits at a listener, and on a
// connection.
const (
	MaxReady  = maxReady
	MaxChunks = maxChunks
)

// Ready returns how many connections wait at a listener.
func Ready(ln *Listener) int { return len(ln.ready) }

// Chunks returns how many chunks wait on a connection.
func Chunks(c *Conn) (n int) {
	for k := c.chunks; k != nil; k = k.next {
		n++
	}
	return n
}

// GetOption reads a socket option.
func GetOption(c *Conn, o driver.Option) (int, error) { return c.home.drv.GetOption(int(c.fd), o) }
