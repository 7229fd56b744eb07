package netio

import (
	"errors"
	"os"
	"syscall"

	"rondo.dev/rondo/async"
)

// Moving bytes through a pipe costs two system calls and saves two copies. That does
// not pay for a few bytes, and an idle connection should have no pipe: so a copy has
// one only while chunk after chunk comes full. Then it takes a third of the CPU that
// lent chunks of 4 KiB take, both ends included, and as much as reads of 32 KiB, for
// which it would need a buffer (BenchmarkCopy, Linux 6.18, TCP over loopback).
const (
	spliceWorth = 4096 // bytes that are worth moving through a pipe
	spliceAfter = 8    // so many such chunks in a row, and it is tried
	spliceUntil = 4    // so many smaller moves in a row, and it is given up
)

// spliceWay is what a copy knows of that.
type spliceWay struct {
	full   int  // chunks in a row that would have been worth it
	never  bool // it does not work for these two
	always bool // for tests
}

// pays is told of a chunk, and reports whether to try it with a pipe from here on.
func (s *spliceWay) pays(chunk int) bool {
	if s.full++; chunk < spliceWorth {
		s.full = 0
	}
	return !s.never && (s.full >= spliceAfter || s.always)
}

// splice goes on with a copy through a pipe, if both ends can and are at home on t's
// loop. With ended false it is to go on with Recv and Write: because there is no such
// way, because the source has bytes of its own, or because too little comes.
func (c *copying) splice(t *async.Task) (ended bool, err error) {
	dst, _ := c.dst.(SpliceWriter)
	src, _ := c.src.(SpliceReader)
	c.way.full = 0
	if dst == nil || src == nil || dst.Home() != src.Home() || src.Home().Executor() != t.Executor() {
		c.way.never = true
		return false, nil
	}
	m, err := newMiddle(here(t))
	if err != nil {
		c.way.never = true // or not soon: there may be no descriptors left
		return false, nil
	}
	defer m.close()
	for little := 0; c.left != 0 && little < spliceUntil && !c.way.never; little++ {
		n := middleSize
		if c.left > 0 && c.left < int64(n) {
			n = int(c.left)
		}
		n, err := src.SpliceTo(m.w, n).Await(t)
		switch {
		case cannotSplice(err):
			c.way.never = true
			return false, nil
		case err != nil:
			return true, notEOF(err)
		case n == 0:
			return false, nil
		case n >= spliceWorth || c.way.always:
			little = -1
		}
		m.held = n
		if err := c.empty(t, m, dst); err != nil {
			return true, err
		}
	}
	return c.left == 0, nil
}

// empty writes what the pipe holds. What dst does not take goes back.
func (c *copying) empty(t *async.Task, m *middle, dst SpliceWriter) error {
	n, err := dst.SpliceFrom(m.r, m.held).Await(t)
	m.held -= n
	c.wrote(n)
	if m.held == 0 {
		return err
	}
	rest, failed := m.take(t.WithoutCancel())
	if failed != nil {
		return os.NewSyscallError("read", failed)
	}
	if cannotSplice(err) {
		c.way.never = true
		if n, err = c.write(t, rest); n == len(rest) {
			return nil
		}
		rest = rest[n:]
	}
	return c.putBack(t, rest, err)
}

// cannotSplice reports whether an error means that the system can't do it for these
// two, and has moved nothing.
func cannotSplice(err error) bool {
	return errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported)
}
