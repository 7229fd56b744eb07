package drivertest

import (
	"errors"

	"rondo.dev/rondo/driver"
)

var messageTests = []test{
	{name: "Message/boundaries", run: messageBoundaries, needs: []Feature{Messages}},
	{name: "Message/gather_and_scatter", run: messageVectors, needs: []Feature{Messages}},
	{name: "Message/truncated", run: messageTruncated, needs: []Feature{Messages}},
	{name: "Message/waits_both_ways", run: messageWaits, needs: []Feature{Messages}},
	{name: "Message/cancel_loses_none", run: messageCancel, needs: []Feature{Messages}},
	{name: "Message/descriptors", run: messageRights, needs: []Feature{Messages, Rights, Foreign}},
}

// sendMsg sends one message, whole.
func (r *rig) sendMsg(fd int, m *driver.Msg) {
	r.Helper()
	want := 0
	for _, b := range m.Bufs {
		want += len(b)
	}
	if n := r.must(func(c *call) { c.SendMsg(fd, m, c) }); n != want {
		r.Fatalf("a message of %d bytes was sent as %d", want, n)
	}
}

func messageBoundaries(r *rig) {
	a, b := r.messages()
	for n := 1; n < 2000; n *= 3 {
		r.sendMsg(a, &driver.Msg{Bufs: [][]byte{pattern(n, n)}})
	}
	for n := 1; n < 2000; n *= 3 {
		m := &driver.Msg{Bufs: [][]byte{make([]byte, 4000)}}
		got := r.must(func(c *call) { c.RecvMsg(b, m, c) })
		if string(m.Bufs[0][:got]) != string(pattern(n, n)) || m.RecvFlags&msgTrunc != 0 {
			r.Errorf("a message of %d bytes came as %d, with flags %#x", n, got, m.RecvFlags)
		}
	}
	r.close(a)
	m := &driver.Msg{Bufs: [][]byte{make([]byte, 4)}}
	if n := r.must(func(c *call) { c.RecvMsg(b, m, c) }); n != 0 {
		r.Errorf("received %d bytes after the peer closed", n)
	}
}

func messageVectors(r *rig) {
	a, b := r.messages()
	r.sendMsg(a, &driver.Msg{Bufs: [][]byte{[]byte("one"), nil, []byte("two"), []byte("three")}})
	m := &driver.Msg{Bufs: [][]byte{make([]byte, 2), make([]byte, 5), {}, make([]byte, 10)}}
	n := r.must(func(c *call) { c.RecvMsg(b, m, c) })
	got := string(m.Bufs[0]) + "|" + string(m.Bufs[1]) + "|" + string(m.Bufs[3][:max(0, n-7)])
	if n != 11 || got != "on|etwot|hree" {
		r.Errorf("received %d bytes, %q", n, got)
	}
}

// msgTrunc is MSG_TRUNC, in the one value it has on the platforms with messages.
const msgTrunc = 0x20

func messageTruncated(r *rig) {
	a, b := r.messages()
	r.sendMsg(a, &driver.Msg{Bufs: [][]byte{pattern(0, 100)}})
	r.sendMsg(a, &driver.Msg{Bufs: [][]byte{[]byte("next")}})
	m := &driver.Msg{Bufs: [][]byte{make([]byte, 10)}}
	n := r.must(func(c *call) { c.RecvMsg(b, m, c) })
	if n != 10 || m.RecvFlags&msgTrunc == 0 {
		r.Errorf("a message that does not fit came as %d bytes, with flags %#x", n, m.RecvFlags)
	}
	n = r.must(func(c *call) { c.RecvMsg(b, m, c) })
	if n != 4 || string(m.Bufs[0][:4]) != "next" || m.RecvFlags&msgTrunc != 0 {
		r.Errorf("the next message came as %q, with flags %#x", m.Bufs[0][:n], m.RecvFlags)
	}
}

// messageWaits has a receiver wait for a message and a sender for room.
func messageWaits(r *rig) {
	a, b := r.messages()
	m := &driver.Msg{Bufs: [][]byte{make([]byte, 100)}}
	c := r.submit(func(c *call) { c.RecvMsg(b, m, c) })
	r.stillWaiting(c)
	r.sendMsg(a, &driver.Msg{Bufs: [][]byte{[]byte("at last")}})
	if res := r.await(c); res.Err != nil || string(m.Bufs[0][:res.N]) != "at last" {
		r.Fatalf("received %+v", res)
	}

	const total = 2000 // more than a socket holds
	var sends []*call
	for i := range total {
		body := pattern(i, 1000)
		sends = append(sends, r.submit(func(c *call) { c.SendMsg(a, &driver.Msg{Bufs: [][]byte{body}}, c) }))
	}
	r.settle()
	if sends[total-1].ended {
		r.Errorf("%d messages were sent to a peer that does not receive", total)
	}
	for range total {
		m := &driver.Msg{Bufs: [][]byte{make([]byte, 2000)}}
		if n := r.must(func(c *call) { c.RecvMsg(b, m, c) }); n != 1000 {
			r.Fatalf("received %d of 1000 bytes", n)
		}
	}
	for _, c := range sends {
		if res := r.await(c); res.Err != nil || res.N != 1000 {
			r.Fatalf("send: %+v", res)
		}
	}
}

func messageCancel(r *rig) {
	a, b := r.messages()
	next, sent := 0, 0
	receive := func(cancel bool) {
		m := &driver.Msg{Bufs: [][]byte{make([]byte, 8)}}
		c := r.submit(func(c *call) { c.RecvMsg(b, m, c) })
		if cancel {
			if r.rand.IntN(2) == 0 {
				r.wait(0)
			}
			body := pattern(sent, 1)
			write := r.submit(func(c *call) { c.SendMsg(a, &driver.Msg{Bufs: [][]byte{body}}, c) })
			if r.rand.IntN(2) == 0 {
				r.wait(0)
			}
			r.d.Cancel(&c.Op)
			sent += r.await(write).N
		}
		switch res := r.await(c); {
		case errors.Is(res.Err, driver.ErrCanceled):
		case res.Err != nil || res.N != 1 || m.Bufs[0][0] != pattern(next, 1)[0]:
			r.Fatalf("message %d: %+v with %d", next, res, m.Bufs[0][0])
		default:
			next++
		}
	}
	for range 300 {
		receive(true)
		for sent-next > 16 { // a socket does not hold many
			receive(false)
		}
	}
	for next < sent {
		receive(false)
	}
}

// messageRights passes descriptors and talks through what arrives.
func messageRights(r *rig) {
	a, b := r.messages()
	rd, wr := r.pipe()
	r.sendMsg(a, &driver.Msg{Bufs: [][]byte{[]byte("x")}, Control: r.suite.World.Rights(rd, wr)})
	m := &driver.Msg{Bufs: [][]byte{make([]byte, 1)}, Control: make([]byte, 64)}
	r.must(func(c *call) { c.RecvMsg(b, m, c) })
	fds, err := r.suite.World.ParseRights(m.Control[:m.ControlN])
	r.check(err)
	if len(fds) != 2 {
		r.Fatalf("two descriptors were sent, %d came", len(fds))
	}
	for _, fd := range fds {
		r.own(fd)
		r.suite.World.Inspect(r.T, fd)
	}
	r.must(func(c *call) { c.Write(fds[1], []byte("y"), c) })
	buf := make([]byte, 1)
	r.must(func(c *call) { c.Read(rd, buf, c) })
	if buf[0] != 'y' {
		r.Errorf("read %q through the passed descriptor", buf)
	}
}
