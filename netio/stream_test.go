package netio_test

import (
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
)

func TestReadAndWrite(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		e.write(a, "hello")
		e.equal(e.read(b, 5), "hello")
		e.write(b, "one")
		e.write(b, "two")
		e.equal(e.read(a, 6), "onetwo")

		n, err := a.Writev([]byte("ab"), nil, []byte("cde"), []byte{}, []byte("f")).Await(e.task)
		e.check(err)
		e.equal(n, 6)
		e.equal(e.recv(b), "abcdef")

		for _, empty := range []async.Op[int]{a.Write(nil), a.Writev(), a.Writev(nil, nil), a.Read(nil)} {
			n, err := empty.Await(e.task)
			e.check(err)
			e.equal(n, 0)
		}
		e.close(a, b)
	})
}

// What one Recv brought is read in parts by Read, and the rest by Recv.
func TestReadAndRecvMix(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		for range 3 {
			e.write(a, "abcdefgh")
			e.equal(e.recv(b), "abcdefgh")
			e.settle() // the lent receive is armed now, or will be
			e.write(a, "ijklmnop")
			e.settle()
			e.equal(e.read(b, 3), "ijk")
			e.equal(e.recv(b), "lmnop")
			e.write(a, "1234")
			e.equal(e.read(b, 2), "12")
			e.equal(e.read(b, 2), "34")
		}
		e.close(a, b)
	})
}

func TestLargeTransfer(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		const size = 3<<20 + 7
		w := e.spawn(func(e *env) {
			n, err := a.Write(pattern(0, size)).Await(e.task)
			e.check(err)
			e.equal(n, size)
			e.close(a)
		})
		e.drain(b, size)
		e.check(w.Await(e.task))
		e.close(b)
	})
}

// A vectored write of more parts than one system call takes, and more bytes than
// the kernel buffers.
func TestLargeWritev(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		const parts = 3000
		size := e.tooMuch() / parts
		all := pattern(0, parts*size)
		var bufs [][]byte
		for i := range parts {
			bufs = append(bufs, all[i*size:(i+1)*size])
		}
		w := e.spawn(func(e *env) {
			n, err := a.Writev(bufs...).Await(e.task)
			e.check(err)
			e.equal(n, len(all))
			e.check(a.CloseWrite().Await(e.task))
		})
		e.drain(b, len(all))
		e.check(w.Await(e.task))
		for i := range bufs {
			e.equal(len(bufs[i]), size)
		}
		e.close(a, b)
	})
}

func TestReadFull(t *testing.T) {
	for _, c := range []struct {
		sent string
		want int
		n    int
		err  error
	}{
		{"", 0, 0, nil},
		{"abc", 0, 0, nil},
		{"abc", 3, 3, nil},
		{"abcd", 3, 3, nil},
		{"ab", 3, 2, io.ErrUnexpectedEOF},
		{"", 3, 0, io.EOF},
	} {
		t.Run(names(c.sent, c.want), func(t *testing.T) {
			onEach(t, func(e *env) {
				a, b := e.pair()
				w := e.spawn(func(e *env) {
					for i := range c.sent {
						e.write(a, c.sent[i:i+1])
						e.settle()
					}
					e.close(a)
				})
				buf := make([]byte, c.want)
				n, err := netio.ReadFull(e.task, b, buf)
				e.equal(n, c.n)
				e.equal(err, c.err)
				e.equal(string(buf[:n]), c.sent[:n])
				e.check(w.Await(e.task))
				e.close(b)
			})
		})
	}
}

func TestHalfClose(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		e.write(a, "question")
		e.check(a.CloseWrite().Await(e.task))
		e.equal(e.read(b, 8), "question")
		e.wantEOF(b)
		e.write(b, "answer")
		e.equal(e.read(a, 6), "answer")
		e.check(b.CloseWrite().Await(e.task))
		e.wantEOF(a)
		_, err := a.Write([]byte("x")).Await(e.task)
		e.is(err, syscall.EPIPE)
		e.close(a, b)
	})
}

// CloseWrite waits for the writes before it.
func TestCloseWriteInOrder(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		n := e.fill(a)
		w := e.spawn(func(e *env) {
			m, err := a.Write(pattern(n, 1000)).Await(e.task)
			e.check(err)
			e.equal(m, 1000)
		})
		s := e.spawn(func(e *env) { e.check(a.CloseWrite().Await(e.task)) })
		e.drain(b, n+1000)
		e.check(w.Await(e.task))
		e.check(s.Await(e.task))
		e.close(a, b)
	})
}

func TestReset(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		reader := e.spawn(func(e *env) {
			_, err := b.Read(make([]byte, 1)).Await(e.task)
			e.is(err, syscall.ECONNRESET)
			var op *net.OpError
			if !errors.As(err, &op) || op.Op != "read" {
				e.Errorf("got %#v, want a *net.OpError of a read", err)
			}
		})
		e.check(a.SetLinger(0).Await(e.task))
		e.close(a)
		e.check(reader.Await(e.task))
		_, err := b.Write([]byte("x")).Await(e.task)
		e.is(err, syscall.EPIPE)
		e.close(b)
	})
}

// A reset that arrives while nobody reads is not lost on the next reader.
func TestResetWhileArmed(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		e.write(a, "x")
		e.equal(e.recv(b), "x")
		e.settle()
		e.check(a.SetLinger(0).Await(e.task))
		e.close(a)
		e.settle()
		_, err := b.Recv().Await(e.task)
		e.is(err, syscall.ECONNRESET)
		e.close(b)
	})
}

// Second reads wait for the first, in the order in which they were started, also
// when some of them give up; and a queued Recv takes nothing from the one before.
func TestReadsQueue(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		var got []string
		var readers []*async.Child
		for i := range 6 {
			scope, cancel := e.task.WithCancel()
			readers = append(readers, e.with(scope).spawn(func(e *env) {
				if i%2 == 0 {
					p, err := b.Recv().Await(e.task)
					if err == nil {
						got = append(got, string(p))
					}
					return
				}
				p := make([]byte, 2)
				n, err := b.Read(p).Await(e.task)
				if i == 3 {
					e.is(err, errTest)
					e.equal(n, 0)
					return
				}
				e.check(err)
				got = append(got, string(p[:n]))
			}))
			if i == 3 {
				cancel(errTest)
			}
		}
		for _, s := range []string{"aa", "bb", "cc", "ee", "ff"} {
			before := len(got)
			e.write(a, s)
			e.until(func() bool { return len(got) > before })
		}
		for _, r := range readers {
			e.check(r.Await(e.task))
		}
		e.equal(strings.Join(got, " "), "aa bb cc ee ff")
		e.close(a, b)
	})
}

// Two Recvs at once, with everything there already: the first one's bytes are
// still its own when the second has its turn.
func TestQueuedRecvTakesNothing(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		var got [2]string
		var readers [2]*async.Child
		received := 0
		for i := range readers {
			readers[i] = e.spawn(func(e *env) {
				p, err := b.Recv().Await(e.task)
				e.check(err)
				received++
				e.until(func() bool { return received == 2 })
				got[i] = string(p)
			})
		}
		e.write(a, "first")
		e.until(func() bool { return received == 1 })
		e.write(a, "second")
		for _, r := range readers {
			e.check(r.Await(e.task))
		}
		e.equal(got[0], "first")
		e.equal(got[1], "second")
		e.close(a, b)
	})
}

func TestWritesQueue(t *testing.T) {
	onEach(t, func(e *env) {
		a, b := e.pair()
		n := e.fill(a)
		var writers []*async.Child
		for i := range 5 {
			from, size := n, 100_000
			if i == 0 {
				size = e.tooMuch() // the others wait behind it
			}
			if i != 2 {
				n += size
			}
			scope, cancel := e.task.WithCancel()
			writers = append(writers, e.with(scope).spawn(func(e *env) {
				m, err := a.Write(pattern(from, size)).Await(e.task)
				if i == 2 {
					e.is(err, errTest)
					e.equal(m, 0)
					return
				}
				e.check(err)
				e.equal(m, size)
			}))
			if i == 2 {
				cancel(errTest)
			}
		}
		writers = append(writers, e.spawn(func(e *env) { e.check(a.CloseWrite().Await(e.task)) }))
		e.drain(b, n)
		for _, w := range writers {
			e.check(w.Await(e.task))
		}
		e.close(a, b)
	})
}
