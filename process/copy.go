package process

import (
	"errors"
	"io"
	"syscall"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
)

// copying is what moves bytes between the program and a reader or writer in memory.
type copying struct {
	end    closer // ours of the pipe
	run    func(t *async.Task) error
	output bool
	err    error
}

// copyIn returns what writes all of from to the program.
func copyIn(w *netio.PipeWriter, from io.Reader) func(t *async.Task) error {
	return func(t *async.Task) error {
		buf := make([]byte, copySize)
		for {
			n, err := from.Read(buf)
			if n > 0 {
				if _, err := w.Write(buf[:n]).Await(t); errors.Is(err, syscall.EPIPE) {
					return nil // the program did not want to know all of it
				} else if err != nil {
					return err
				}
			}
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
		}
	}
}

// copyOut returns what takes all that the program writes. For one that says little
// it holds no buffer; one that has filled what was lent gets a larger one for good.
func copyOut(to io.Writer, r *netio.PipeReader) func(t *async.Task) error {
	return func(t *async.Task) error {
		var buf []byte
		for {
			b, err := next(t, r, buf)
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			n, err := to.Write(b)
			if err == nil && n < len(b) {
				err = io.ErrShortWrite
			}
			if err != nil {
				return err
			}
			if buf == nil && len(b) >= lentSize {
				buf = make([]byte, copySize)
			}
		}
	}
}

const (
	lentSize = 4096 // what Recv lends
	copySize = 32 << 10
)

// next reads into buf, or if there is none into memory that is lent.
func next(t *async.Task, r *netio.PipeReader, buf []byte) ([]byte, error) {
	if buf == nil {
		return r.Recv().Await(t)
	}
	n, err := r.Read(buf).Await(t)
	return buf[:n], err
}

// copies are all the copyings of a program that are under way: a future of the end
// of the last one.
type copies struct {
	left  int
	waker *async.Waker
}

// start runs k as a child of t.
func (s *copies) start(t *async.Task, k *copying) {
	s.left++
	t.Go(func(t *async.Task) error {
		defer s.ended() // also if the reader or writer panics
		defer k.end.Close().Await(t)
		k.err = k.run(t)
		return nil
	})
}

func (s *copies) ended() {
	if s.left--; s.left == 0 && s.waker != nil {
		s.waker.WakeLocal()
	}
}

func (s *copies) Poll(t *async.Task) (struct{}, error) {
	if s.left > 0 {
		s.waker = t.Waker()
		return struct{}{}, async.Pending
	}
	return struct{}{}, nil
}
