package netio

import (
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// reading is the read direction of a connection: the read whose turn it is, and
// the driver's operation. The two are not the same: a lent receive stays armed
// when the read that armed it is over, and serves the next.
type reading struct {
	op      driver.Op
	waker   *async.Waker
	ticket  uint32 // the read whose turn it is; 0: none
	n       int32  // bytes read, if outcome is gotBytes
	kind    readKind
	outcome outcome
	why     outcome // why the driver was asked to cancel op: what the end will be if it does

	// Not of the read but of the connection: there is room for them here.
	flags connFlags
	fd    int32
}

type readKind uint8

const (
	readInto    readKind = iota // Read: into the caller's buffer
	readLent                    // Recv: a chunk is lent
	readDisarm                  // of handing over: waits until the driver has no operation
	readSplice                  // SpliceTo: into a pipe
	readMessage                 // ReadMsg: into the caller's buffer, with files
)

// outcome is how a read or a write went.
type outcome uint8

const (
	waiting   outcome = iota
	gotBytes          // n of them; for a write, all
	gotEOF            // the peer has closed its direction
	gotCause          // cancelled by its task
	timedOut          // its deadline passed
	wasClosed         // by Close
	failed            // connCold.failed, or writing.err, says how
)

// queuedRead is a read that waits for its turn.
type queuedRead struct {
	ticket  uint32
	kind    readKind
	buf     []byte
	splice  *driver.SpliceArgs // of a readSplice
	message *messageRead       // of a readMessage
	waker   *async.Waker
}

// Read reads up to len(b) bytes into b, at least one; io.EOF says that the peer
// has closed its direction. b is the connection's from the await's beginning to
// its end. With an empty b it returns at once, with 0.
//
// Cancelled while it waits, it suspends until the kernel has given b back. What
// a losing Read has read goes back into the connection, and the next Read or Recv
// gets it first.
func (c *Conn) Read(b []byte) async.Op[int] { return async.NewOp((*connRead)(c), b, 0) }

// Recv reads into a buffer that the connection lends: the bytes are valid until
// the next Recv or Read is started, by whomever, or until the same task closes the
// connection, and may be changed until then. While it waits there is no buffer. It returns io.EOF when the peer has
// closed its direction. Cancelled, it returns at once; what arrives afterwards
// waits in the connection.
//
// When all buffers of the loop's driver are lent, Recv takes memory from the heap
// rather than wait for one: who holds a lent buffer may itself be waiting.
func (c *Conn) Recv() async.Op[[]byte] { return async.NewOp((*connRecv)(c), nil, 0) }

// connRead is the source of Read.
type connRead Conn

func (r *connRead) Home() *async.Executor { return r.home.exec }

func (r *connRead) Start(_ *async.Task, b []byte, _ uint64) uint32 {
	return (*Conn)(r).startRead(readInto, b)
}

func (r *connRead) PollOp(t *async.Task, ticket uint32, keep bool) (int, error) {
	c := (*Conn)(r)
	o, err := c.pollRead(t, ticket)
	if o == waiting {
		return 0, err
	}
	n := 0
	if o == gotBytes {
		n = int(c.reading.n)
	}
	if !keep {
		c.endRead()
	}
	return n, err
}

func (r *connRead) CancelOp(_ *async.Task, ticket uint32) bool { return (*Conn)(r).cancelRead(ticket) }

func (r *connRead) Settle(ticket uint32, back bool) int {
	(*Conn)(r).settleRead(ticket, back)
	return 0
}

// connRecv is the source of Recv.
type connRecv Conn

func (r *connRecv) Home() *async.Executor { return r.home.exec }

func (r *connRecv) Start(*async.Task, []byte, uint64) uint32 {
	return (*Conn)(r).startRead(readLent, nil)
}

func (r *connRecv) PollOp(t *async.Task, ticket uint32, keep bool) ([]byte, error) {
	c := (*Conn)(r)
	o, err := c.pollRead(t, ticket)
	if o == waiting {
		return nil, err
	}
	var b []byte
	if o == gotBytes {
		b = c.lend(t, keep)
	}
	if !keep {
		c.endRead()
	}
	return b, err
}

func (r *connRecv) CancelOp(_ *async.Task, ticket uint32) bool { return (*Conn)(r).cancelRead(ticket) }

func (r *connRecv) Settle(ticket uint32, back bool) int {
	(*Conn)(r).settleRead(ticket, back)
	return 0
}
