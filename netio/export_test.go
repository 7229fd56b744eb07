package netio

import (
	"net/netip"
	"unsafe"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// Race dials several addresses, as Dial does when it has resolved a name.
func Race(d *Dialer, t *async.Task, addrs []netip.AddrPort) (*Conn, error) { return d.race(t, addrs) }

// Interleave orders addresses by family.
func Interleave(addrs []netip.AddrPort) []netip.AddrPort { return interleave(addrs) }

// SizeOfConn is what an idle connection costs here.
const SizeOfConn = unsafe.Sizeof(Conn{})

// SizeOfServing is what one costs that Serve serves, its task included.
const SizeOfServing = unsafe.Sizeof(serving{})

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

// SpliceCopy is Copy, with a pipe wherever that is possible; left is negative for all.
func SpliceCopy(t *async.Task, dst Writer, src Reader, left int64) (int64, error) {
	c := copying{dst: dst, src: src, left: left}
	c.way.always = true
	err := c.run(t)
	return c.n, err
}

// ReadCopy is Copy without pipes.
func ReadCopy(t *async.Task, dst Writer, src Reader) (int64, error) {
	c := copying{dst: dst, src: src, left: -1}
	c.way.never = true
	err := c.run(t)
	return c.n, err
}

// Overdue returns how many closed connections of a loop have bytes lent out.
func Overdue(l *rondo.Loop) int { return len(placeOf(l).overdue) }
