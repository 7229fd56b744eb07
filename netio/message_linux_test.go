package netio_test

import (
	"context"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
)

// unixPair returns two connected Unix sockets.
func (e *env) unixPair() (a, b *netio.Conn) {
	e.Helper()
	a, b, err := netio.Pair(e.task)
	e.check(err)
	return a, b
}

// sendPipe sends s with the ends of a pipe, and keeps none of these.
func (e *env) sendPipe(c *netio.Conn, s string) {
	e.Helper()
	r, w := e.openPipe()
	m := &netio.Message{Buf: []byte(s), Files: []*os.File{r, w}}
	n, err := c.WriteMsg(m).Await(e.task)
	e.check(err)
	e.equal(n, len(s))
	e.equal(m.N, len(s))
	r.Close()
	w.Close()
}

// wantMessage reads s with so many files, and closes these.
func (e *env) wantMessage(c *netio.Conn, room int, s string, files int) {
	e.Helper()
	m := &netio.Message{Buf: make([]byte, room), MaxFiles: 4}
	n, err := c.ReadMsg(m).Await(e.task)
	e.check(err)
	e.equal(string(m.Buf[:n]), s)
	e.equal(m.N, n)
	e.wantFiles(m, files)
}

// wantFiles fails the test unless m has so many files, which are the ends of a pipe.
func (e *env) wantFiles(m *netio.Message, files int) {
	e.Helper()
	e.equal(len(m.Files), files)
	e.equal(m.Truncated, false)
	if files == 2 {
		_, err := m.Files[1].Write([]byte("through"))
		e.check(err)
		b := make([]byte, 10)
		n, err := m.Files[0].Read(b)
		e.check(err)
		e.equal(string(b[:n]), "through")
	}
	for _, f := range m.Files {
		f.Close()
	}
}

// Files come with the first of their bytes, and with no others.
func TestConnFiles(t *testing.T) {
	onKernel(t, func(e *env) {
		a, b := e.unixPair()
		e.sendPipe(a, "pipe")
		e.wantMessage(b, 10, "pipe", 2)

		// In parts, and behind bytes without.
		e.write(a, "plain")
		e.sendPipe(a, "pipe")
		e.write(a, "more")
		e.wantMessage(b, 3, "pla", 0)
		e.wantMessage(b, 2, "in", 0)
		e.wantMessage(b, 1, "p", 2)
		e.equal(e.read(b, 7), "ipemore")

		// No room for the files, or for one of them.
		for _, room := range []int{0, 1} {
			e.sendPipe(a, "x")
			m := &netio.Message{Buf: make([]byte, 1), MaxFiles: room}
			_, err := b.ReadMsg(m).Await(e.task)
			e.check(err)
			e.equal(m.Truncated, true)
			e.equal(len(m.Files), room)
			for _, f := range m.Files {
				f.Close()
			}
		}

		// A connection goes along, and the end is the end.
		e.close(a)
		m := &netio.Message{Buf: make([]byte, 1), MaxFiles: 1}
		_, err := b.ReadMsg(m).Await(e.task)
		e.equal(err, io.EOF)
		e.close(b)
	})
}

// A Recv leaves a receive armed, which has to make way for the files.
func TestConnFilesAfterRecv(t *testing.T) {
	onKernel(t, func(e *env) {
		a, b := e.unixPair()
		e.write(a, "first")
		e.equal(e.recv(b), "first")
		m := &netio.Message{Buf: make([]byte, 10), MaxFiles: 2}
		reader := e.spawn(func(e *env) {
			n, err := b.ReadMsg(m).Await(e.task)
			e.check(err)
			e.equal(string(m.Buf[:n]), "pipe")
		})
		e.settle() // the armed one has ended
		e.sendPipe(a, "pipe")
		e.check(reader.Await(e.task))
		e.wantFiles(m, 2)
		e.close(a, b)
	})
}

// More than fits at once: the files are sent once.
func TestConnFilesWithMuch(t *testing.T) {
	onKernel(t, func(e *env) {
		a, b := e.unixPair()
		n := e.tooMuch()
		r, w := e.openPipe()
		writer := e.spawn(func(e *env) {
			m := &netio.Message{Buf: pattern(0, n), Files: []*os.File{r, w}}
			k, err := a.WriteMsg(m).Await(e.task)
			e.check(err)
			e.equal(k, n)
			e.close(a)
		})
		m := &netio.Message{Buf: make([]byte, 1000), MaxFiles: 2}
		k, err := b.ReadMsg(m).Await(e.task)
		e.check(err)
		e.same(m.Buf[:k], 0)
		e.wantFiles(m, 2)
		for at := k; at < n; at += k {
			m := &netio.Message{Buf: make([]byte, 1<<20), MaxFiles: 2}
			k, err = b.ReadMsg(m).Await(e.task)
			e.check(err)
			e.equal(len(m.Files), 0)
			e.same(m.Buf[:k], at)
		}
		e.check(writer.Await(e.task))
		r.Close()
		w.Close()
		e.close(b)
	})
}

func TestConnFilesErrors(t *testing.T) {
	onKernel(t, func(e *env) {
		a, b := e.unixPair()
		r, w := e.openPipe()
		for _, c := range []struct {
			m    netio.Message
			want error
		}{
			{netio.Message{Files: []*os.File{w}}, syscall.EINVAL},
			{netio.Message{Buf: []byte("x"), Files: []*os.File{w, r}}, os.ErrClosed},
		} {
			r.Close()
			n, err := a.WriteMsg(&c.m).Await(e.task)
			e.is(err, c.want)
			var op *net.OpError
			e.equal(asOpError(err, &op) && op.Op == "write", true)
			e.equal(n, 0)
		}
		_, err := a.WriteMsg(&netio.Message{Files: []*os.File{w}, Buf: []byte("x")}).Await(e.cancelled().task)
		e.is(err, errTest)
		e.close(b)
		_, err = a.WriteMsg(&netio.Message{Files: []*os.File{w}, Buf: []byte("x")}).Await(e.task)
		e.is(err, syscall.EPIPE)
		w.Close()
		e.close(a)
		_, err = a.ReadMsg(&netio.Message{Buf: make([]byte, 1)}).Await(e.task)
		wantClosed(e, err)
	})
}

func wantClosed(e *env, err error) {
	e.Helper()
	e.is(err, net.ErrClosed)
}

// What a losing ReadMsg has goes back with its files; read in another way, or closed, the
// files are closed. That none is left open is checked at the end of every test.
func TestConnFilesOfLosers(t *testing.T) {
	onKernel(t, func(e *env) {
		for _, then := range []string{"taken", "taken by a loser", "in parts", "no room", "Read", "Recv", "Unread", "closed"} {
			a, b := e.unixPair()
			m := &netio.Message{Buf: make([]byte, 10), MaxFiles: 2}
			read := b.ReadMsg(m)
			lose(e, &read, func() { e.sendPipe(a, "pipe") })
			switch then {
			case "taken by a loser":
				again := b.ReadMsg(m)
				_, err := again.Poll(e.task)
				e.check(err) // it was there
				e.wantFiles(m, 2)
			case "taken":
				e.wantMessage(b, 10, "pipe", 2)
			case "in parts":
				e.wantMessage(b, 2, "pi", 2)
				e.wantMessage(b, 2, "pe", 0)
			case "no room":
				m := &netio.Message{Buf: make([]byte, 10)}
				_, err := b.ReadMsg(m).Await(e.task)
				e.check(err)
				e.equal(len(m.Files), 0)
			case "Read":
				e.equal(e.read(b, 1), "p")
				e.wantMessage(b, 10, "ipe", 0)
			case "Recv":
				e.equal(e.recv(b), "pipe")
				e.write(a, "x")
				e.equal(e.read(b, 1), "x")
			case "Unread":
				_, err := b.Unread([]byte("a ")).Await(e.task)
				e.check(err)
				e.wantMessage(b, 10, "a pipe", 2)
			}
			e.close(a, b)
		}
	})
}

// Closed with its result not yet told, a ReadMsg keeps it.
func TestConnFilesOvertakenByClose(t *testing.T) {
	onKernel(t, func(e *env) {
		for _, loses := range []bool{false, true} {
			a, b := e.unixPair()
			m := &netio.Message{Buf: make([]byte, 10), MaxFiles: 2}
			read := b.ReadMsg(m)
			_, err := read.Poll(e.task)
			if err == nil {
				e.Fatal("there is nothing to be read")
			}
			e.sendPipe(a, "pipe")
			e.until(func() bool { return len(m.Files) == 2 })
			e.close(b)
			if loses {
				read.Cancel(e.task, true)
			}
			_, err = read.Poll(e.task)
			e.check(err)
			if loses {
				e.equal(len(m.Files), 0)
			} else {
				e.wantFiles(m, 2)
			}
			e.close(a)
		}
	})
}

func TestConnFilesFromElsewhere(t *testing.T) {
	onTwoLoops(t, func(e *env, other *rondo.Loop) {
		a, b := e.unixPair()
		c := e.there(other, func(e *env) { e.wantMessage(b, 10, "there", 2) })
		e.sendPipe(a, "there")
		e.check(c.Await(e.task))
		c = e.there(other, func(e *env) { e.sendPipe(a, "back") })
		m := &netio.Message{Buf: make([]byte, 10), MaxFiles: 2}
		e.check(e.elsewhere(func() error {
			_, err := b.ReadMsg(m).Wait(context.Background())
			return err
		}))
		e.equal(string(m.Buf[:m.N]), "back")
		e.wantFiles(m, 2)
		e.check(c.Await(e.task))
		e.close(a, b)
	})
}

// Without files it is a Read and a Write, on any connection.
func TestConnMessages(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		const n = 100_000
		writer := e.spawn(func(e *env) {
			for at := 0; at < n; at += 1000 {
				_, err := a.WriteMsg(&netio.Message{Buf: pattern(at, 1000)}).Await(e.task)
				e.check(err)
			}
			e.close(a)
		})
		for at := 0; ; {
			m := &netio.Message{Buf: make([]byte, 333), MaxFiles: at % 2}
			op := b.ReadMsg(m)
			k, err := op.Poll(e.task)
			if async.IsPending(err) {
				if at%3 == 0 && !op.Cancel(e.task, true) {
					for async.IsPending(err) {
						_, err = op.Poll(e.task)
						e.settle()
					}
				}
				k, err = op.Await(e.task) // again, if it has lost
			}
			if err == io.EOF {
				e.equal(at, n)
				break
			}
			e.check(err)
			e.same(m.Buf[:k], at)
			if at += k; at%5 == 0 {
				p, err := b.Recv().Await(e.task)
				if err == nil {
					e.same(p, at)
					at += len(p)
				}
			}
		}
		e.check(writer.Await(e.task))
		e.close(b)
	})
}

// Files that a losing ReadMsg has put back keep the connection here: package net has no
// place for them.
func TestConnFilesKeepTheConnection(t *testing.T) {
	onKernel(t, func(e *env) {
		a, b := e.unixPair()
		m := &netio.Message{Buf: make([]byte, 10), MaxFiles: 2}
		op := b.ReadMsg(m)
		if !lose(e, &op, func() { e.sendPipe(a, "pipe") }) {
			e.Fatal("the loser has received nothing")
		}
		if _, err := b.NetConn(e.task); err == nil {
			e.Fatal("the connection was handed over without the files")
		}
		e.wantMessage(b, 10, "pipe", 2)
		nc, err := b.NetConn(e.task)
		e.check(err)
		nc.Close()
		e.close(a)
	})
}
