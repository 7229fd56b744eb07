package drivertest

import (
	"syscall"

	"rondo.dev/rondo/driver"
)

var readyTests = []test{
	{name: "Ready/pipe", run: readyPipe, needs: []Feature{Foreign}},
	{name: "Ready/already", run: readyAlready, needs: []Feature{Foreign}},
	{name: "Ready/again", run: readyAgain, needs: []Feature{Foreign}},
	{name: "Ready/hangup", run: readyHangup, needs: []Feature{Foreign}},
	{name: "Ready/socket", run: readySocket},
	{name: "Ready/listener", run: readyListener},
	{name: "Ready/beside_reads_and_writes", run: readyBeside},
}

// readable checks that c ends because its descriptor became ready for ev.
func (r *rig) ready(c *call, ev driver.Events) driver.Events {
	r.Helper()
	res := r.await(c)
	if res.Err != nil || driver.Events(res.N)&ev == 0 {
		r.Fatalf("ready ended with %+v, want the event %#x", res, ev)
	}
	return driver.Events(res.N)
}

func readyPipe(r *rig) {
	rd, wr := r.pipe()
	c := r.submit(func(c *call) { c.Ready(rd, driver.Readable, c) })
	r.stillWaiting(c)
	r.must(func(c *call) { c.Write(wr, []byte("x"), c) })
	if ev := r.ready(c, driver.Readable); ev&^(driver.Readable|driver.Hangup) != 0 {
		r.Errorf("events %#x were not asked for", ev)
	}
	// Waiting took nothing.
	buf := make([]byte, 2)
	if n := r.must(func(c *call) { c.Read(rd, buf, c) }); n != 1 || buf[0] != 'x' {
		r.Errorf("read %q", buf[:n])
	}
}

func readyAlready(r *rig) {
	rd, wr := r.pipe()
	for range 3 {
		r.ready(r.submit(func(c *call) { c.Ready(wr, driver.Writable, c) }), driver.Writable)
		r.ready(r.submit(func(c *call) { c.Ready(wr, driver.Readable|driver.Writable, c) }), driver.Writable)
	}
	r.must(func(c *call) { c.Write(wr, []byte("x"), c) })
	for range 3 {
		r.ready(r.submit(func(c *call) { c.Ready(rd, driver.Readable, c) }), driver.Readable)
	}
}

// readyAgain waits, reads everything, and waits again, through several rounds.
func readyAgain(r *rig) {
	rd, wr := r.pipe()
	for range 20 {
		c := r.submit(func(c *call) { c.Ready(rd, driver.Readable, c) })
		r.stillWaiting(c)
		r.must(func(c *call) { c.Write(wr, []byte("x"), c) })
		r.ready(c, driver.Readable)
		r.must(func(c *call) { c.Read(rd, make([]byte, 8), c) })
	}
}

func readyHangup(r *rig) {
	rd, wr := r.pipe()
	c := r.submit(func(c *call) { c.Ready(rd, driver.Readable, c) })
	r.stillWaiting(c)
	r.close(wr)
	if ev := r.ready(c, driver.Readable); ev&driver.Hangup == 0 {
		r.Errorf("the writer has gone, and the events are %#x", ev)
	}
	rd, wr = r.pipe()
	r.close(rd)
	c = r.submit(func(c *call) { c.Ready(wr, driver.Writable, c) })
	r.ready(c, driver.Writable)
	r.fails(syscall.EPIPE, func(c *call) { c.Write(wr, []byte("x"), c) })
}

func readySocket(r *rig) {
	a, b := r.pair()
	r.ready(r.submit(func(c *call) { c.Ready(a, driver.Writable, c) }), driver.Writable)
	c := r.submit(func(c *call) { c.Ready(b, driver.Readable, c) })
	r.stillWaiting(c)
	r.send(a, []byte("x"))
	r.ready(c, driver.Readable)
	r.expect(b, []byte("x"))

	c = r.submit(func(c *call) { c.Ready(b, driver.Readable, c) })
	r.stillWaiting(c)
	r.must(func(c *call) { c.Shutdown(a, 1, c) })
	r.ready(c, driver.Readable)
	r.expectEnd(b)

	// A full socket becomes writable when its peer reads.
	a, b = r.pair()
	filling, written := r.fill(a, func(c *call, b []byte) { c.Send(a, b, c) })
	r.d.Cancel(&filling.Op)
	if res := r.await(filling); res.Err == nil {
		written += res.N
	}
	full := r.submit(func(c *call) { c.Ready(a, driver.Writable, c) })
	for got := 0; got < written; {
		got += r.must(func(c *call) { c.Recv(b, make([]byte, 1<<20), c) })
	}
	r.ready(full, driver.Writable)
}

func readyListener(r *rig) {
	l, at := r.listen(loopback, driver.ListenOptions{})
	c := r.submit(func(c *call) { c.Ready(l, driver.Readable, c) })
	r.stillWaiting(c)
	a := r.dial(at)
	r.ready(c, driver.Readable)
	b := r.accept(l)
	r.send(a, []byte("x"))
	r.expect(b, []byte("x"))
}

// readyBeside has readiness wait on a descriptor whose reads and writes are in
// flight too: each is told.
func readyBeside(r *rig) {
	a, b := r.pair()
	ready := r.submit(func(c *call) { c.Ready(b, driver.Readable, c) })
	read := r.submit(func(c *call) { c.Recv(b, make([]byte, 1), c) })
	r.stillWaiting(ready, read)
	r.send(a, []byte("xyz"))
	r.await(read)
	r.await(ready)
	r.expect(b, []byte("yz"))
}
