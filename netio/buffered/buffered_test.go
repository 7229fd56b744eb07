package buffered_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/netio/buffered"
	"rondo.dev/rondo/netio/netiotest"
)

// onlyReads hides that a source lends, and takes back.
type onlyReads struct{ netio.Reader }

// sources are the two ways to read: with a buffer, and lent.
var sources = []struct {
	name string
	of   func(*netiotest.End) netio.Reader
}{
	{"lends", func(x *netiotest.End) netio.Reader { return x }},
	{"reads", func(x *netiotest.End) netio.Reader { return onlyReads{x} }},
}

// feed writes text to an end in pieces of random sizes, and ends it.
func feed(e *asynctest.Executor, x *netiotest.End, text string, rng *rand.Rand) {
	asynctest.Go(e, func(t *async.Task) (struct{}, error) {
		for len(text) > 0 {
			n := min(len(text), 1+rng.IntN(20))
			if _, err := x.Write([]byte(text[:n])).Await(t); err != nil {
				return struct{}{}, err
			}
			text = text[n:]
			if rng.IntN(2) == 0 {
				async.Yield(t)
			}
		}
		return struct{}{}, x.CloseWrite().Await(t)
	})
}

// run runs f as a task, to its end.
func run(t *testing.T, e *asynctest.Executor, f func(t *async.Task) error) {
	t.Helper()
	r := asynctest.Go(e, func(task *async.Task) (struct{}, error) { return struct{}{}, f(task) })
	e.RunUntilIdle()
	if !r.Done {
		t.Fatal("the task has not ended")
	}
	if r.Err != nil {
		t.Fatal(r.Err)
	}
}

// TestAsBufio compares a Reader with a bufio.Reader, over random calls.
func TestAsBufio(t *testing.T) {
	for _, src := range sources {
		for seed := range uint64(200) {
			t.Run(fmt.Sprint(src.name, " ", seed), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(seed, 7))
				var text strings.Builder
				for range rng.IntN(400) {
					text.WriteByte("abcdefgh\n"[rng.IntN(9)])
				}
				size := 16 + rng.IntN(40)
				e := asynctest.New(t)
				a, b := netiotest.Duplex(e.Executor(), 1+rng.IntN(64))
				feed(e, a, text.String(), rng)
				r := buffered.NewReaderSize(src.of(b), size)
				model := bufio.NewReaderSize(strings.NewReader(text.String()), 1<<16)
				run(t, e, func(task *async.Task) error {
					for !compare(t, task, r, model, size, rng) {
					}
					return nil
				})
			})
		}
	}
}

// compare makes the same call to both, and reports whether that was the end.
func compare(t *testing.T, task *async.Task, r *buffered.Reader, model *bufio.Reader, size int, rng *rand.Rand) (end bool) {
	t.Helper()
	n := rng.IntN(size)
	var got, want any
	var gotErr, wantErr error
	call := rng.IntN(7)
	switch call {
	case 0:
		b, err := r.Peek(task, n)
		got, gotErr = string(b), err
		b, err = model.Peek(n)
		want, wantErr = string(b), err
	case 1:
		got, gotErr = r.Discard(task, n)
		want, wantErr = model.Discard(n)
	case 2:
		got, gotErr = r.ReadUint8(task)
		want, wantErr = model.ReadByte()
	case 3:
		got, gotErr = r.ReadString(task, '\n')
		want, wantErr = model.ReadString('\n')
	case 4:
		b, err := r.ReadBytes(task, 'a')
		got, gotErr = string(b), err
		b, err = model.ReadBytes('a')
		want, wantErr = string(b), err
	case 5:
		b, err := r.ReadLine(task)
		for err == bufio.ErrBufferFull {
			var more []byte
			b = bytes.Clone(b)
			more, err = r.ReadLine(task)
			b = append(b, more...)
		}
		got, gotErr = string(b), err
		b, _, err = model.ReadLine()
		want, wantErr = string(b), err
		if gotErr == io.EOF && len(got.(string)) > 0 { // the end came after a full buffer
			gotErr = nil
		}
	case 6:
		b, m := make([]byte, n), make([]byte, n)
		k, err := netio.ReadFull(task, r, b)
		got, gotErr = string(b[:k]), err
		k, err = io.ReadFull(model, m)
		want, wantErr = string(m[:k]), err
	}
	if got != want || gotErr != wantErr {
		t.Fatalf("call %d of %d: got %q, %v; bufio has %q, %v", call, n, got, gotErr, want, wantErr)
	}
	return gotErr == io.EOF && r.Buffered() == 0 && call != 0
}

func TestNumbers(t *testing.T) {
	e := asynctest.New(t)
	a, b := netiotest.Duplex(e.Executor(), 3)
	asynctest.Go(e, func(t *async.Task) (struct{}, error) {
		w := buffered.NewWriterSize(a, 16)
		err := errors.Join(
			w.WriteUint8(t, 1),
			w.WriteUint16(t, binary.BigEndian, 0x0203),
			w.WriteUint32(t, binary.LittleEndian, 0x04050607),
			w.WriteUint64(t, binary.BigEndian, 0x08090a0b0c0d0e0f),
			w.WriteUvarint(t, 300), w.WriteVarint(t, -300), w.WriteUint8(t, 0xff),
			w.Flush(t), a.CloseWrite().Await(t))
		return struct{}{}, err
	})
	run(t, e, func(task *async.Task) error {
		r := buffered.NewReader(b)
		check := func(v, want uint64, err error) {
			t.Helper()
			if v != want || err != nil {
				t.Errorf("got %#x, %v; want %#x", v, err, want)
			}
		}
		v8, err := r.ReadUint8(task)
		check(uint64(v8), 1, err)
		v16, err := r.ReadUint16(task, binary.BigEndian)
		check(uint64(v16), 0x0203, err)
		v32, err := r.ReadUint32(task, binary.LittleEndian)
		check(uint64(v32), 0x04050607, err)
		v64, err := r.ReadUint64(task, binary.BigEndian)
		check(v64, 0x08090a0b0c0d0e0f, err)
		u, err := r.ReadUvarint(task)
		check(u, 300, err)
		v, err := r.ReadVarint(task)
		check(uint64(-v), 300, err)
		if _, err := r.ReadUint16(task, binary.BigEndian); err != io.ErrUnexpectedEOF {
			t.Errorf("half a number: %v", err)
		}
		if v, err := r.ReadUint8(task); v != 0xff || err != nil {
			t.Errorf("half a number was taken: %v, %v", v, err)
		}
		if _, err := r.ReadUint16(task, binary.BigEndian); err != io.EOF {
			t.Errorf("no number: %v", err)
		}
		return nil
	})
}

// TestReadIsCancelled cancels a reader of lines everywhere. What it has read and not
// returned is there for the next.
func TestReadIsCancelled(t *testing.T) {
	const text = "one\ntwo and more of it\nthree\n"
	for _, src := range sources {
		t.Run(src.name, func(t *testing.T) {
			asynctest.CancelEverywhere(t, func(t *testing.T, e *asynctest.Executor) (func(*async.Task) error, func(error)) {
				a, b := netiotest.Duplex(e.Executor(), 5)
				feed(e, a, text, rand.New(rand.NewPCG(1, 1)))
				r := buffered.NewReaderSize(src.of(b), 24)
				var got []string
				f := func(t *async.Task) error {
					for {
						line, err := r.ReadLine(t)
						if err != nil {
							return err
						}
						got = append(got, string(line))
					}
				}
				return f, func(err error) {
					if !errors.Is(err, asynctest.ErrTest) && err != io.EOF {
						t.Errorf("ended with %v", err)
					}
					run(t, e, func(t *async.Task) error {
						for {
							line, err := r.ReadLine(t)
							if err == io.EOF {
								return nil
							}
							if err != nil {
								return err
							}
							got = append(got, string(line))
						}
					})
					if s := strings.Join(got, "\n") + "\n"; s != text {
						t.Errorf("got %q", got)
					}
				}
			})
		})
	}
}

// TestWriteIsCancelled cancels a writer everywhere. What it was told to have written
// arrives, once and in order.
func TestWriteIsCancelled(t *testing.T) {
	asynctest.CancelEverywhere(t, func(t *testing.T, e *asynctest.Executor) (func(*async.Task) error, func(error)) {
		a, b := netiotest.Duplex(e.Executor(), 7)
		w := buffered.NewWriterSize(a, 16)
		const text = "abcdefghijklmnopqrstuvwxyz0123456789"
		at := 0
		f := func(t *async.Task) error {
			for _, n := range []int{3, 10, 17, 0, 2, 30, 5} {
				n = min(n, len(text)-at)
				m, err := w.Write([]byte(text[at : at+n])).Await(t)
				at += m
				if err != nil {
					return err
				}
			}
			if err := w.WriteUint8(t, '!'); err != nil {
				return err
			}
			return w.Flush(t)
		}
		var got strings.Builder
		asynctest.Go(e, func(t *async.Task) (struct{}, error) {
			for {
				p, err := b.Recv().Await(t)
				if err != nil {
					return struct{}{}, nil
				}
				got.Write(p)
				async.Yield(t)
			}
		})
		return f, func(err error) {
			run(t, e, func(t *async.Task) error {
				return errors.Join(w.Flush(t), a.CloseWrite().Await(t))
			})
			if s := strings.TrimSuffix(got.String(), "!"); s != text[:at] {
				t.Errorf("%d bytes were written, arrived are %q", at, s)
			}
			if err == nil && !strings.HasSuffix(got.String(), "!") {
				t.Errorf("the end has not arrived: %q", got.String())
			}
		}
	})
}

// TestLosers has reads and writes lose against what is ready; nothing is lost.
func TestLosers(t *testing.T) {
	const text = "The quick brown fox jumps over the lazy dog. And again, and again, and again."
	for seed := range uint64(100) {
		e := asynctest.New(t)
		rng := rand.New(rand.NewPCG(seed, 3))
		a, b := netiotest.Duplex(e.Executor(), 1+rng.IntN(9))
		asynctest.Go(e, func(t *async.Task) (struct{}, error) {
			w := buffered.NewWriterSize(a, 16)
			rest := []byte(text)
			for len(rest) > 0 {
				n := min(len(rest), 1+rng.IntN(25))
				op := w.Write(rest[:n])
				for {
					r, err := async.Await(t, future.Select(&op, after(rng.IntN(3))))
					if err != nil {
						return struct{}{}, err
					}
					if r.Won == 0 {
						if r.A != n {
							return struct{}{}, fmt.Errorf("wrote %d of %d", r.A, n)
						}
						break
					}
				}
				rest = rest[n:]
			}
			return struct{}{}, errors.Join(w.Flush(t), a.CloseWrite().Await(t))
		})
		var got []byte
		run(t, e, func(t *async.Task) error {
			r := buffered.NewReaderSize(b, 16)
			for {
				buf := make([]byte, 1+rng.IntN(20))
				op := r.Read(buf)
				var x future.Either[int, struct{}]
				var err error
				for {
					if x, err = async.Await(t, future.Select(&op, after(rng.IntN(3)))); err != nil || x.Won == 0 {
						break
					}
					clear(buf)
				}
				if err == io.EOF {
					return nil
				}
				if err != nil {
					return err
				}
				got = append(got, buf[:x.A]...)
				if rng.IntN(4) == 0 && x.A > 0 {
					if _, err := r.Unread(buf[:1]).Await(t); err != nil {
						return err
					}
					if c, err := r.ReadUint8(t); err != nil || c != buf[0] {
						return fmt.Errorf("unread %q, read %q, %v", buf[0], c, err)
					}
				}
			}
		})
		if string(got) != text {
			t.Fatalf("seed %d: got %q", seed, got)
		}
	}
}

// ticks is a future that is ready after some polls.
type ticks struct{ n int }

func after(n int) async.Future[struct{}] { return &ticks{n} }

func (x *ticks) Poll(t *async.Task) (struct{}, error) {
	if x.n--; x.n >= 0 {
		t.Waker().WakeLocal()
		return struct{}{}, async.Pending
	}
	return struct{}{}, nil
}

func TestWriteTo(t *testing.T) {
	for _, src := range sources {
		e := asynctest.New(t)
		a, b := netiotest.Duplex(e.Executor(), 8)
		c, d := netiotest.Duplex(e.Executor(), 1<<20)
		const text = "header\nand a body that is longer than what fits"
		feed(e, a, text, rand.New(rand.NewPCG(1, 1)))
		run(t, e, func(task *async.Task) error {
			r := buffered.NewReader(src.of(b))
			if line, err := r.ReadLine(task); string(line) != "header" || err != nil {
				t.Errorf("got %q, %v", line, err)
			}
			n, err := netio.Copy(task, c, r)
			if n != int64(len(text)-7) {
				t.Errorf("%s: copied %d", src.name, n)
			}
			return err
		})
		if d.Buffered() != len(text)-7 {
			t.Errorf("%d bytes arrived", d.Buffered())
		}
	}
}

// TestNoAllocation: lines and small writes cost nothing in the steady state.
func TestNoAllocation(t *testing.T) {
	e := asynctest.New(t)
	a := &endless{}
	var n float64
	run(t, e, func(task *async.Task) error {
		r := buffered.NewReader(a)
		if _, err := r.ReadLine(task); err != nil {
			return err
		}
		n = testing.AllocsPerRun(1000, func() {
			if line, err := r.ReadLine(task); string(line) != "a line of text" || err != nil {
				t.Errorf("got %q, %v", line, err)
			}
		})
		return nil
	})
	if n != 0 {
		t.Errorf("%v allocations a line", n)
	}
}

// endless is a source of lines, which it lends, many at a time.
type endless struct{ chunk [4096]byte }

func (x *endless) Read(b []byte) async.Op[int] { panic("it lends") }
func (x *endless) Recv() async.Op[[]byte]      { return async.NewOp[[]byte](x, nil, 0) }
func (x *endless) Home() *async.Executor       { return nil }

const endlessLine = "a line of text\n"

func (x *endless) Start(*async.Task, []byte, uint64) uint32 { return 1 }

func (x *endless) PollOp(*async.Task, uint32, bool) ([]byte, error) {
	for i := range x.chunk {
		x.chunk[i] = endlessLine[i%len(endlessLine)]
	}
	return x.chunk[:len(x.chunk)/len(endlessLine)*len(endlessLine)], nil
}

func (x *endless) CancelOp(*async.Task, uint32) bool { return true }
func (x *endless) Settle(uint32, bool) int           { return 0 }
