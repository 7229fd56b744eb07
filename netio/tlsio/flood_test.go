package tlsio

import (
	"errors"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/testworld"
	"rondo.dev/rondo/netio"
)

// chatty is a layer that has an answer to all that it reads, as crypto/tls has to a
// peer that asks for new keys again and again.
type chatty struct {
	layer
	wire *wire
}

func (x *chatty) read(b []byte) (int, error) {
	x.wire.out = append(x.wire.out, make([]byte, 1000)...)
	return copy(b, "x"), nil
}

func (x *chatty) reclaim()          {}
func (x *chatty) leave()            {}
func (x *chatty) closeWrite() error { return nil }
func (x *chatty) close()            {}

// A peer that makes the layer answer and reads no answer can't fill the memory.
func TestAnswersThatNobodyReads(t *testing.T) {
	testworld.OnEach(t, func(e *testworld.Env) {
		raw, peer, err := netio.Pair(e.Task)
		e.Check(err)
		c := newConn(raw)
		c.wire.shaking = nil
		c.layer = &chatty{wire: &c.wire}
		for reads := 0; ; reads++ {
			_, err := c.Read(make([]byte, 1)).Await(e.Task)
			if errors.Is(err, errUnread) {
				break
			}
			e.Check(err)
			if reads > 100_000 {
				e.Fatalf("%d bytes wait for a peer that reads nothing", len(c.wire.out))
			}
		}
		// Who reads on all the same gets the same, and no answers are added.
		waiting := len(c.wire.out)
		for range 100 {
			if _, err = c.Read(make([]byte, 1)).Await(e.Task); !errors.Is(err, errUnread) {
				e.Fatalf("got %v of a read after that", err)
			}
		}
		if n := len(c.wire.out); n > waiting {
			e.Errorf("%d bytes wait, and were %d", n, waiting)
		}
		_, err = c.Write([]byte("x")).Await(e.Task)
		if !errors.Is(err, errUnread) {
			e.Errorf("got %v, want the same of a write", err)
		}
		for _, x := range []interface{ Close() async.Act }{c, peer} {
			e.Check(x.Close().Await(e.Task))
		}
	})
}
