package drivertest

import (
	"errors"
	"slices"
	"syscall"

	"rondo.dev/rondo/driver"
)

// The ends of streams: closed, half closed, shut down, reset.

var endTests = []test{
	{name: "End/close_is_end_of_stream", run: endClose},
	{name: "End/half_close", run: endHalfClose},
	{name: "End/shutdown", run: endShutdown},
	{name: "End/shutdown_ends_waiting_read", run: endShutdownWaiting},
	{name: "End/write_after_peer_closed", run: endBrokenPipe},
	{name: "End/shutdown_unconnected", run: endShutdownUnconnected},
}

func endClose(r *rig) {
	for _, k := range readKinds {
		a, b := r.pair()
		r.send(a, []byte("last words"))
		r.close(a)
		r.expect(b, []byte("last words"))
		for range 2 {
			if n := r.must(func(c *call) { k.prepare(c, b, make([]byte, 8)) }); n != 0 {
				r.Errorf("%s after the end of the stream returned %d bytes", k.name, n)
			}
		}

		a, b = r.pair()
		c := r.submit(func(c *call) { k.prepare(c, b, make([]byte, 8)) })
		r.stillWaiting(c)
		r.close(a)
		if res := r.await(c); res.Err != nil || res.N != 0 {
			r.Errorf("%s waiting for the end of the stream: %+v", k.name, res)
		}
	}
}

func endHalfClose(r *rig) {
	a, b := r.pair()
	r.send(a, []byte("question"))
	r.must(func(c *call) { c.Shutdown(a, 1, c) })
	r.expect(b, []byte("question"))
	r.expectEnd(b)
	r.fails(syscall.EPIPE, func(c *call) { c.Send(a, []byte("more"), c) })
	// The other direction lives on.
	answer := pattern(7, 300_000)
	done := r.submit(func(c *call) { c.Send(b, answer[:1], c) })
	r.expect(a, answer[:1])
	r.await(done)
	r.send(b, answer[1:1000])
	r.close(b)
	r.expect(a, answer[1:1000])
	r.expectEnd(a)
}

func endShutdown(r *rig) {
	for how, want := range []struct{ read, write, peerEnds bool }{
		0: {read: false, write: true, peerEnds: false},
		1: {read: true, write: false, peerEnds: true},
		2: {read: false, write: false, peerEnds: true},
	} {
		a, b := r.pair()
		r.must(func(c *call) { c.Shutdown(a, how, c) })
		if want.read {
			r.send(b, []byte("in"))
			r.expect(a, []byte("in"))
		} else {
			r.expectEnd(a)
		}
		if want.write {
			r.send(a, []byte("out"))
			r.expect(b, []byte("out"))
		} else {
			r.fails(syscall.EPIPE, func(c *call) { c.Send(a, []byte("out"), c) })
		}
		c := r.submit(func(c *call) { c.Recv(b, make([]byte, 8), c) })
		if want.peerEnds {
			if res := r.await(c); res.Err != nil || res.N != 0 {
				r.Errorf("shutdown %d: the peer reads %+v, want the end", how, res)
			}
		} else {
			r.stillWaiting(c)
		}
	}
}

func endShutdownWaiting(r *rig) {
	for _, how := range []int{0, 2} {
		for _, k := range readKinds {
			a, _ := r.pair()
			c := r.submit(func(c *call) { k.prepare(c, a, make([]byte, 8)) })
			r.stillWaiting(c)
			r.must(func(c *call) { c.Shutdown(a, how, c) })
			if res := r.await(c); res.Err != nil || res.N != 0 {
				r.Errorf("shutdown %d ended a %s with %+v, want the end of the stream", how, k.name, res)
			}
		}
	}
}

// endBrokenPipe writes to a peer that has closed. The first writes may go into
// the void; EPIPE or ECONNRESET has to come, and EPIPE after it.
func endBrokenPipe(r *rig) {
	for _, k := range writeKinds {
		a, b := r.pair()
		r.close(b)
		var err error
		for range 1000 {
			if err = r.do(func(c *call) { k.prepare(c, a, []byte("anyone?")) }).Err; err != nil {
				break
			}
		}
		if !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) {
			r.Errorf("%s to a peer that has gone: %v", k.name, err)
		}
		r.fails(syscall.EPIPE, func(c *call) { k.prepare(c, a, []byte("anyone?")) })
	}
}

func endShutdownUnconnected(r *rig) {
	_, at := r.listen(loopback, driver.ListenOptions{})
	fd := r.socket(at)
	r.fails(syscall.ENOTCONN, func(c *call) { c.Shutdown(fd, 2, c) })
}

var resetTests = []test{
	{name: "Reset/linger_zero", run: func(r *rig) {
		resetBy(r, func(a, b int) {
			r.check(r.d.SetOption(b, driver.Linger, 0))
			r.close(b)
		})
	}},
	{name: "Reset/unread_data", run: func(r *rig) {
		resetBy(r, func(a, b int) {
			r.send(a, []byte("never read"))
			r.await(r.submit(func(c *call) { c.Ready(b, driver.Readable, c) }))
			r.close(b)
		})
	}},
	{name: "Reset/while_writing", run: resetWhileWriting},
}

// resetBy checks what each kind of operation makes of a reset: first the error,
// once, to whoever comes first; then an ended stream.
func resetBy(r *rig, reset func(a, b int)) {
	for _, k := range readKinds {
		a, b := r.pair()
		reset(a, b)
		r.fails(syscall.ECONNRESET, func(c *call) { k.prepare(c, a, make([]byte, 8)) })
		r.expectEnd(a)
		r.fails(syscall.EPIPE, func(c *call) { c.Send(a, []byte("x"), c) })

		a, b = r.pair()
		c := r.submit(func(c *call) { k.prepare(c, a, make([]byte, 8)) })
		r.stillWaiting(c)
		reset(a, b)
		if res := r.await(c); !errors.Is(res.Err, syscall.ECONNRESET) {
			r.Errorf("a %s waiting for a reset: %+v", k.name, res)
		}
	}
	a, b := r.pair()
	c := r.submit(func(c *call) { c.RecvLent(a, c) })
	r.stillWaiting(c)
	reset(a, b)
	if res := r.await(c); !errors.Is(res.Err, syscall.ECONNRESET) {
		r.Errorf("a recvlent waiting for a reset: %+v", res)
	}
}

func resetWhileWriting(r *rig) {
	for _, k := range writeKinds {
		a, b := r.pair()
		c, _ := r.fill(a, func(c *call, b []byte) { k.prepare(c, a, b) })
		r.close(b) // with unread data
		want := []error{syscall.ECONNRESET, syscall.EPIPE}
		if res := r.await(c); !slices.ContainsFunc(want, func(err error) bool { return errors.Is(res.Err, err) }) {
			r.Errorf("a %s waiting for a reset: %+v", k.name, res)
		}
	}
}
