package drivertest

import (
	"bytes"
	"errors"

	"rondo.dev/rondo/driver"
)

var cancelTests = []test{
	{name: "Cancel/every_kind_that_waits", run: cancelWaiting, needs: []Feature{Messages, Foreign}},
	{name: "Cancel/before_it_was_handed_over", run: cancelAtOnce, needs: []Feature{Messages, Foreign}},
	{name: "Cancel/after_the_end", run: cancelAfter},
	{name: "Cancel/twice", run: cancelTwice},
	{name: "Cancel/from_completions", run: cancelInside},
	{name: "Cancel/one_of_several", run: cancelMiddle},
	{name: "Cancel/read_against_data", run: cancelRead},
	{name: "Cancel/recvlent_against_data", run: cancelLent},
	{name: "Cancel/write_against_room", run: cancelWrite},
	{name: "Cancel/files", run: cancelFiles, needs: []Feature{Files}},
	{name: "Cancel/close_cannot_be", run: cancelClose},
}

// waitingCalls returns operations of every kind that waits for others, none of
// which can happen yet.
func waitingCalls(r *rig) (prepare []func(c *call)) {
	add := func(f func(c *call)) { prepare = append(prepare, f) }
	for _, k := range readKinds {
		_, fd := r.pair()
		add(func(c *call) { k.prepare(c, fd, make([]byte, 8)) })
	}
	for _, k := range writeKinds {
		fd, _ := r.pair()
		filling, _ := r.fill(fd, func(c *call, b []byte) { c.Send(fd, b, c) })
		r.d.Cancel(&filling.Op)
		r.await(filling)
		add(func(c *call) { k.prepare(c, fd, make([]byte, 8)) })
	}
	_, lent := r.pair()
	add(func(c *call) { c.RecvLent(lent, c) })
	l, _ := r.listen(loopback, driver.ListenOptions{})
	add(func(c *call) { c.Accept(l, c) })
	l2, _ := r.listen(loopback, driver.ListenOptions{})
	add(func(c *call) { c.AcceptMulti(l2, c) })
	rd, _ := r.pipe()
	add(func(c *call) { c.Ready(rd, driver.Readable, c) })
	rd2, _ := r.pipe()
	add(func(c *call) { c.Read(rd2, make([]byte, 8), c) })
	m, _ := r.messages()
	add(func(c *call) { c.RecvMsg(m, &driver.Msg{Bufs: [][]byte{make([]byte, 8)}}, c) })
	return prepare
}

// cancelled checks that c, which nothing made happen, ends as cancelled.
func (r *rig) cancelled(c *call) {
	r.Helper()
	if res := r.await(c); !errors.Is(res.Err, driver.ErrCanceled) {
		// A kernel may find a little room for a writer after all.
		if k := c.Kind(); res.Err == nil && res.N > 0 &&
			(k == driver.OpSend || k == driver.OpWrite || k == driver.OpWritev || k == driver.OpSendMsg) {
			return
		}
		r.Errorf("%v ended with %+v, want it cancelled", c.Kind(), res)
	}
}

func cancelWaiting(r *rig) {
	for _, prepare := range waitingCalls(r) {
		c := r.submit(prepare)
		r.settle()
		r.d.Cancel(&c.Op)
		r.cancelled(c)
		// The Op can be used again.
		r.again(c, prepare)
		r.settle()
		r.d.Cancel(&c.Op)
		r.cancelled(c)
	}
}

func cancelAtOnce(r *rig) {
	for _, prepare := range waitingCalls(r) {
		c := r.submit(prepare)
		r.d.Cancel(&c.Op)
		r.cancelled(c)
	}
}

func cancelAfter(r *rig) {
	a, b := r.pair()
	r.send(a, []byte("x"))
	c := r.submit(func(c *call) { c.Recv(b, make([]byte, 8), c) })
	r.await(c)
	r.d.Cancel(&c.Op)
	r.settle()
	var blank driver.Op
	r.d.Cancel(&blank)
	if len(c.results) != 1 || c.last().Err != nil {
		r.Errorf("a read that was cancelled after its end has the results %+v", c.results)
	}
	// A stale cancel must not reach the next use of the same Op.
	r.again(c, func(c *call) { c.Recv(b, make([]byte, 8), c) })
	r.stillWaiting(c)
	r.send(a, []byte("y"))
	if res := r.await(c); res.Err != nil || res.N != 1 {
		r.Errorf("the next read ended with %+v", res)
	}
}

func cancelTwice(r *rig) {
	_, b := r.pair()
	for range 100 {
		c := r.submit(func(c *call) { c.Recv(b, make([]byte, 8), c) })
		if r.rand.IntN(2) == 0 {
			r.settle()
		}
		r.d.Cancel(&c.Op)
		r.d.Cancel(&c.Op)
		r.wait(0)
		r.d.Cancel(&c.Op)
		r.cancelled(c)
	}
}

// cancelInside cancels from a completion: the operation that has just ended,
// which does nothing, and others, whose completions then run nested.
func cancelInside(r *rig) {
	a, b := r.pair()
	var others []*call
	for range 100 {
		_, fd := r.pair()
		others = append(others, r.submit(func(c *call) { c.Recv(fd, make([]byte, 8), c) }))
	}
	first := r.submit(func(c *call) {
		c.each = func(driver.Result) {
			r.d.Cancel(&c.Op)
			for _, o := range others {
				r.d.Cancel(&o.Op)
			}
		}
		c.Recv(b, make([]byte, 8), c)
	})
	r.stillWaiting(others...)
	r.send(a, []byte("x"))
	if res := r.await(first); res.Err != nil || res.N != 1 {
		r.Errorf("the first read ended with %+v", res)
	}
	for _, o := range others {
		r.cancelled(o)
	}
}

// cancelMiddle cancels one of several reads of a descriptor; the others share
// what arrives.
func cancelMiddle(r *rig) {
	a, b := r.pair()
	var calls []*call
	for range 5 {
		calls = append(calls, r.submit(func(c *call) { c.Recv(b, make([]byte, 1), c) }))
	}
	r.settle()
	r.d.Cancel(&calls[2].Op)
	r.cancelled(calls[2])
	r.stillWaiting(calls[0], calls[1], calls[3], calls[4])
	r.send(a, []byte("abcd"))
	for _, c := range append(calls[:2:2], calls[3:]...) {
		if res := r.await(c); res.Err != nil || res.N != 1 {
			r.Errorf("a read beside the cancelled one ended with %+v", res)
		}
	}
}

// cancelRead lets data and cancels race on one connection. Whatever wins, the
// bytes come out complete and in order.
func cancelRead(r *rig) {
	for _, k := range readKinds {
		a, b := r.pair()
		sent, got := 0, 0
		take := func(c *call, buf []byte) {
			res := r.await(c)
			switch {
			case errors.Is(res.Err, driver.ErrCanceled):
			case res.Err != nil:
				r.Fatalf("%s: %v", k.name, res.Err)
			case !bytes.Equal(buf[:res.N], pattern(got, res.N)):
				r.Fatalf("%s: the bytes differ after %d", k.name, got)
			default:
				got += res.N
			}
		}
		for range 300 {
			buf := make([]byte, 1+r.rand.IntN(64))
			c := r.submit(func(c *call) { k.prepare(c, b, buf) })
			turns := r.rand.IntN(4)
			if turns&1 != 0 {
				r.wait(0)
			}
			n := 1 + r.rand.IntN(48)
			message := pattern(sent, n)
			write := r.submit(func(c *call) { c.Send(a, message, c) })
			if turns&2 != 0 {
				r.wait(0)
			}
			r.d.Cancel(&c.Op)
			take(c, buf)
			sent += r.await(write).N
		}
		for got < sent {
			buf := make([]byte, 1000)
			take(r.submit(func(c *call) { k.prepare(c, b, buf) }), buf)
		}
		c := r.submit(func(c *call) { k.prepare(c, b, make([]byte, 8)) })
		r.stillWaiting(c)
	}
}

func cancelLent(r *rig) {
	a, b := r.pair()
	sent := 0
	in := r.lentStream(b)
	for range 300 {
		in.arm()
		if r.rand.IntN(2) == 0 {
			r.wait(0)
		}
		n := 1 + r.rand.IntN(48)
		message := pattern(sent, n)
		write := r.submit(func(c *call) { c.Send(a, message, c) })
		if r.rand.IntN(2) == 0 {
			r.wait(0)
		}
		r.d.Cancel(&in.c.Op)
		r.await(in.c)
		sent += r.await(write).N
	}
	in.until(sent)
	r.d.Cancel(&in.c.Op)
	r.await(in.c)
	if in.got != sent {
		r.Errorf("%d bytes sent, %d received", sent, in.got)
	}
}

// cancelWrite cancels writes that wait for room while the reader makes some: the
// reader gets exactly the bytes that the writes said to have written.
func cancelWrite(r *rig) {
	for _, k := range writeKinds {
		a, b := r.pair()
		waiting, sent := r.fill(a, func(c *call, b []byte) { k.prepare(c, a, b) })
		got := 0
		read := func() {
			buf := make([]byte, 1+r.rand.IntN(400_000))
			n := r.must(func(c *call) { c.Recv(b, buf, c) })
			if !bytes.Equal(buf[:n], pattern(got, n)) {
				r.Fatalf("%s: the bytes differ after %d", k.name, got)
			}
			got += n
		}
		take := func(c *call) {
			switch res := r.await(c); {
			case errors.Is(res.Err, driver.ErrCanceled):
			case res.Err != nil:
				r.Fatalf("%s: %v", k.name, res.Err)
			default:
				sent += res.N
			}
		}
		r.d.Cancel(&waiting.Op)
		take(waiting)
		for range 60 {
			c := r.submit(func(c *call) { k.prepare(c, a, pattern(sent, 100_000)) })
			if r.rand.IntN(2) == 0 {
				r.wait(0)
			}
			if got < sent && r.rand.IntN(3) > 0 {
				read()
			}
			r.d.Cancel(&c.Op)
			take(c)
		}
		r.must(func(c *call) { c.Shutdown(a, 1, c) })
		for got < sent {
			read()
		}
		r.expectEnd(b)
	}
}

// cancelFiles cancels operations that may be running already: they end with
// their result or as cancelled.
func cancelFiles(r *rig) {
	path := r.suite.World.Dir(r.T) + "/f"
	fd := r.create(path)
	for range 50 {
		calls := []*call{
			r.submit(func(c *call) { c.WriteAt(fd, []byte("content"), 0, c) }),
			r.submit(func(c *call) { c.ReadAt(fd, make([]byte, 10), 0, c) }),
			r.submit(func(c *call) { c.Fsync(fd, true, c) }),
			r.submit(func(c *call) { c.Stat(&driver.StatArgs{Path: path}, c) }),
			r.submit(func(c *call) { c.Open(&driver.OpenArgs{Path: path}, c) }),
		}
		if r.rand.IntN(2) == 0 {
			r.wait(0)
		}
		for _, c := range calls {
			r.d.Cancel(&c.Op)
		}
		r.awaitAll(calls)
		for _, c := range calls {
			res := c.last()
			if res.Err != nil && !errors.Is(res.Err, driver.ErrCanceled) {
				r.Errorf("%v ended with %v", c.Kind(), res.Err)
			}
			if c.Kind() == driver.OpOpen && res.Err == nil {
				r.close(r.own(res.N))
			}
		}
	}
}

func cancelClose(r *rig) {
	a, b := r.pair()
	waiting := r.submit(func(c *call) { c.Recv(a, make([]byte, 1), c) })
	c := r.submit(func(c *call) { c.Close(a, c) })
	r.d.Cancel(&c.Op)
	if res := r.await(c); res.Err != nil {
		r.Errorf("close, cancelled: %v", res.Err)
	}
	delete(r.fds, a)
	if !waiting.ended {
		r.Error("a read outlived its descriptor")
	}
	r.expectEnd(b)
}
