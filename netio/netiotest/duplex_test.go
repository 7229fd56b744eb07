package netiotest_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/future"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/netio/netiotest"
)

var (
	_ netio.Receiver = (*netiotest.End)(nil)
	_ netio.Unreader = (*netiotest.End)(nil)
	_ netio.Duplex   = (*netiotest.End)(nil)
	_ netio.Duplex   = (*netiotest.Script)(nil)
)

// run runs f as a task, to its end.
func run(t *testing.T, e *asynctest.Executor, f func(t *async.Task) error) {
	t.Helper()
	r := asynctest.Go(e, func(task *async.Task) (struct{}, error) { return struct{}{}, f(task) })
	e.Advance(time.Minute)
	if !r.Done {
		t.Fatal("the task has not ended")
	}
	if r.Err != nil {
		t.Fatal(r.Err)
	}
}

func is(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got error %v, want %v", err, want)
	}
}

func TestDuplexEnds(t *testing.T) {
	e := asynctest.New(t)
	a, b := netiotest.Duplex(e.Executor(), 4)
	run(t, e, func(task *async.Task) error {
		child := task.Go(func(task *async.Task) error {
			if n, err := a.Write([]byte("more than fits")).Await(task); n != 14 || err != nil {
				t.Errorf("wrote %d, %v", n, err)
			}
			return a.CloseWrite().Await(task)
		})
		var got bytes.Buffer
		if _, err := netio.Copy(task, sink{&got}, b); err != nil || got.String() != "more than fits" {
			t.Errorf("got %q, %v", &got, err)
		}
		if err := child.Await(task); err != nil {
			return err
		}
		_, err := a.Write([]byte("x")).Await(task)
		is(t, err, syscall.EPIPE)
		// The other direction goes on.
		if _, err := b.Write([]byte("back")).Await(task); err != nil {
			return err
		}
		if err := b.Close().Await(task); err != nil {
			return err
		}
		_, err = b.Write([]byte("x")).Await(task)
		is(t, err, net.ErrClosed)
		_, err = b.Read(make([]byte, 1)).Await(task)
		is(t, err, net.ErrClosed)
		is(t, b.Close().Await(task), net.ErrClosed)
		p, err := a.Recv().Await(task)
		if string(p) != "back" || err != nil {
			t.Errorf("received %q, %v", p, err)
		}
		for range 2 {
			_, err = a.Recv().Await(task)
			is(t, err, io.EOF)
		}
		return a.Close().Await(task)
	})
}

// sink writes to memory, at once.
type sink struct{ w *bytes.Buffer }

func (s sink) Write(b []byte) async.Op[int] { return async.NewOp[int](s, b, 0) }
func (s sink) Home() *async.Executor        { return nil }
func (s sink) Start(_ *async.Task, b []byte, _ uint64) uint32 {
	n, _ := s.w.Write(b)
	return uint32(n) + 1
}
func (s sink) PollOp(_ *async.Task, n uint32, _ bool) (int, error) { return int(n - 1), nil }
func (s sink) CancelOp(*async.Task, uint32) bool                   { return false }
func (s sink) Settle(uint32, bool) int                             { return 0 }

func TestDuplexDeadlines(t *testing.T) {
	e := asynctest.New(t)
	a, b := netiotest.Duplex(e.Executor(), 4)
	run(t, e, func(task *async.Task) error {
		soon := time.Now().Add(10 * time.Second)
		if err := a.SetDeadline(soon).Await(task); err != nil {
			return err
		}
		n, err := a.Write([]byte("too much")).Await(task)
		is(t, err, os.ErrDeadlineExceeded)
		if n != 4 {
			t.Errorf("wrote %d", n)
		}
		_, err = a.Read(make([]byte, 1)).Await(task)
		is(t, err, os.ErrDeadlineExceeded)
		if err := a.SetDeadline(time.Time{}).Await(task); err != nil {
			return err
		}
		if _, err := b.Write([]byte("x")).Await(task); err != nil {
			return err
		}
		_, err = a.Read(make([]byte, 1)).Await(task)
		return errors.Join(err, a.Close().Await(task), b.Close().Await(task))
	})
}

// TestDuplexLosesNothing moves bytes with operations that lose and are cancelled.
func TestDuplexLosesNothing(t *testing.T) {
	for seed := range uint64(100) {
		e := asynctest.New(t)
		rng := rand.New(rand.NewPCG(seed, 1))
		a, b := netiotest.Duplex(e.Executor(), 1+rng.IntN(20))
		text := strings.Repeat("0123456789abcdefghij", 20)
		asynctest.Go(e, func(t *async.Task) (struct{}, error) {
			for at := 0; at < len(text); {
				n := min(len(text)-at, 1+rng.IntN(40))
				scope, cancel := t.WithCancel()
				t.Go(func(t *async.Task) error {
					for range rng.IntN(4) {
						async.Yield(t)
					}
					cancel(asynctest.ErrTest)
					return nil
				})
				m, _ := a.Write([]byte(text[at : at+n])).Await(scope)
				at += m
			}
			return struct{}{}, a.CloseWrite().Await(t)
		})
		var got []byte
		run(t, e, func(t *async.Task) error {
			for {
				buf := make([]byte, 1+rng.IntN(20))
				read, recv := b.Read(buf), b.Recv()
				x, err := async.Await(t, future.Select(&read, &recv))
				if err == io.EOF {
					return nil
				}
				if err != nil {
					return err
				}
				got = append(got, buf[:x.A]...)
				got = append(got, x.B...)
			}
		})
		if string(got) != text || a.InFlight()+b.InFlight() != 0 {
			t.Fatalf("seed %d: got %q, %d in flight", seed, got, a.InFlight()+b.InFlight())
		}
	}
}

// failing is a test that may fail.
type failing struct {
	testing.TB
	failures []string
	cleanups []func()
}

func (f *failing) Cleanup(c func()) { f.cleanups = append(f.cleanups, c) }
func (f *failing) Errorf(s string, args ...any) {
	f.failures = append(f.failures, fmt.Sprintf(s, args...))
}

func TestScript(t *testing.T) {
	errRead, errWrite := errors.New("read fails"), errors.New("write fails")
	script := func(s *netiotest.Script) {
		s.Reads("ping").Writes("pong").Waits(time.Hour).Reads("x").WriteFails(errWrite).ReadFails(errRead)
	}
	right := func(t *async.Task, s *netiotest.Script) error {
		b := make([]byte, 4)
		if _, err := netio.ReadFull(t, s, b); err != nil || string(b) != "ping" {
			return fmt.Errorf("read %q, %w", b, err)
		}
		for _, half := range []string{"po", "ng"} {
			if _, err := s.Write([]byte(half)).Await(t); err != nil {
				return err
			}
		}
		if n, err := s.Read(b).Await(t); n != 1 || err != nil {
			return fmt.Errorf("read %d, %w", n, err)
		}
		if _, err := s.Write(b).Await(t); err != errWrite {
			return fmt.Errorf("write: %w", err)
		}
		if _, err := s.Read(b).Await(t); err != errRead {
			return fmt.Errorf("read: %w", err)
		}
		if _, err := s.Read(b).Await(t); err != io.EOF {
			return fmt.Errorf("read: %w", err)
		}
		return nil
	}
	for _, c := range []struct {
		name string
		f    func(t *async.Task, s *netiotest.Script) error
		want string
	}{
		{"right", right, ""},
		{"another answer", func(t *async.Task, s *netiotest.Script) error {
			s.Recv().Await(t)
			_, err := s.Write([]byte("pung")).Await(t)
			return err
		}, `step 2 is write "pong"; after 0 bytes of it "pung" was written`},
		{"too early", func(t *async.Task, s *netiotest.Script) error { return nil }, "step 1 was not reached or not done"},
		{"too much", func(t *async.Task, s *netiotest.Script) error {
			if err := right(t, s); err != nil {
				return err
			}
			s.Write([]byte("more")).Await(t)
			return nil
		}, `behind the last step "more" was written`},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := asynctest.New(t)
			f := &failing{TB: t}
			s := netiotest.NewScript(f, e.Executor())
			script(s)
			r := asynctest.Go(e, func(t *async.Task) (struct{}, error) { return struct{}{}, c.f(t, s) })
			e.Advance(2 * time.Hour)
			if !r.Done || r.Err != nil {
				t.Errorf("ended: %v, %v", r.Done, r.Err)
			}
			for _, c := range f.cleanups {
				c()
			}
			switch {
			case c.want == "" && len(f.failures) > 0:
				t.Errorf("failed: %q", f.failures)
			case c.want != "" && (len(f.failures) == 0 || !strings.Contains(f.failures[0], c.want)):
				t.Errorf("failures %q, want one with %q", f.failures, c.want)
			}
		})
	}
}
