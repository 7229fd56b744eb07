package tlsio

import (
	"slices"
	"time"

	"rondo.dev/rondo/async"
)

// closeLimit is how long a Close waits for room to say goodbye, as in crypto/tls.
const closeLimit = 5 * time.Second

// Close sends close_notify, if no Write is in its way, and closes the connection.
// Reads and writes in flight end with net.ErrClosed; so does a second Close. It is not
// cancelled with its task, and any task, or goroutine, may close.
//
// A peer that takes nothing can delay it by five seconds.
func (c *Conn) Close() async.Act { return async.NewAct((*connClose)(c), 0).Shielded() }

// closing is the one close of a connection: first a limit for the goodbye, then that,
// then the transport's close.
type closing struct {
	limit async.Act
	close async.Act
	stage closeStage
}

type closeStage uint8

const (
	limiting closeStage = iota
	parting
	shutting
)

// connClose is the source of Close.
type connClose Conn

const (
	closesIt uint32 = 1 + iota
	tooLate
)

func (x *connClose) Home() *async.Executor { return x.home.exec }

func (x *connClose) Start(*async.Task, []byte, uint64) uint32 {
	c := (*Conn)(x)
	if c.closing != nil {
		return tooLate
	}
	k := &closing{limit: c.raw.SetWriteDeadline(time.Now().Add(closeLimit)), close: c.raw.Close()}
	if c.sending != nil || c.broken != nil {
		k.stage = shutting
	} else {
		c.layer.closeWrite() // refused after an alert, which is then what is sent
	}
	c.closing = k
	c.layer.close()
	c.stash, c.wire.in = nil, nil
	// Copies: whoever is woken may take the result at once.
	for _, r := range slices.Clone(c.reads) {
		wake(&r.waker)
	}
	for _, w := range slices.Clone(c.writes) {
		wake(&w.waker)
	}
	return closesIt
}

func (x *connClose) PollOp(t *async.Task, ticket uint32, _ bool) (struct{}, error) {
	c := (*Conn)(x)
	if ticket == tooLate {
		return struct{}{}, c.closed("close")
	}
	k := c.closing
	if k.stage == limiting {
		if _, err := k.limit.Poll(t); async.IsPending(err) {
			return struct{}{}, err
		}
		k.stage = parting
	}
	if k.stage == parting {
		if idle, err := c.transmit(t); !idle && err == nil {
			return struct{}{}, async.Pending
		}
		k.stage = shutting
	}
	return k.close.Poll(t)
}

func (x *connClose) CancelOp(*async.Task, uint32) bool { return false }
func (x *connClose) Settle(uint32, bool) int           { return 0 }
