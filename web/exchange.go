package web

import (
	"context"
	"math"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/wheel"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/web/internal/http1"
)

// exchange is what a connection has while a request is handled: the bytes that have
// come and not been read, those of the response that have not been sent, and the
// operations that move them. Its shard uses it again for other connections, so nobody
// may get hold of it for longer than a request: see response and body, which handlers
// keep.
//
// There are two sides. The connection's task, on the loop, alone touches the
// connection. The handler's side, which is a goroutine or the task itself, reads from
// in and writes to out, and asks the task for more, or to send. Whatever it asks for
// is the task's until it is answered: so nothing here is used by both at a time. When
// the body has been read (watching), in is the task's.
type exchange struct {
	shard  *shard
	c      *connection
	core   *async.Core // of the task: the connection's, or a lane's
	lane   *lane       // in HTTP/2
	rq     *request
	in     []byte // lent by the connection, or a part of a head's memory
	out    []byte
	more   []byte       // the handler's, to be sent behind out
	held   []byte       // of the response's body, before it is known how it is framed
	fields http1.Fields // the handler's header when it called WriteHeader
	values []string     // of the fields

	rd, wr, job slot
	jobs        func(t *async.Task) // what job asks for
	watching    atomic.Bool         // the body has been read: look whether the client goes away
	finished    atomic.Bool         // the handler's side is done
	notice      notice              // that the client is gone

	rx        async.Op[[]byte]
	receiving bool  // rx was begun
	received  error // what the connection has ended with, if it has
	tx        async.Op[int]
	sending   bool          // tx was begun
	flushing  []*async.Core // tasks that wait for tx; see writing
	half      async.Act
	halved    bool // half is done

	reads  deadline
	writes deadline
	copied *net.TCPConn // see sendFile

	worker *worker
	call   call
	runs   func(t *async.Task) (failure any) // run, called by whoever does not know it: so it can be asked for its frame

	// What the handler's side decides; the task's looks when that is done.
	last   bool                                        // no other request follows
	unread bool                                        // a part of the body was not read
	failed bool                                        // the response can't be completed
	next   func(conn any, received []byte) async.Frame // see TakeOver

	// The task's side.
	broken   bool // nothing can be sent any more
	late     bool // because the time for it has passed
	hijacked bool
	detached bool // the handler goes on without the task; x is its own then
}

func newExchange(sh *shard) *exchange {
	x := &exchange{shard: sh, held: make([]byte, 0, holding), out: make([]byte, 0, 4<<10)}
	x.rd.answer, x.wr.answer, x.job.answer = make(chan struct{}, 1), make(chan struct{}, 1), make(chan struct{}, 1)
	x.reads.shard, x.writes.shard = sh, sh
	x.reads.reset()
	x.writes.reset()
	x.runs = x.run
	return x
}

// belong has x serve a request of c, by the task of core.
func (x *exchange) belong(c *connection, core *async.Core) {
	x.c, x.core, x.reads.core, x.writes.core = c, core, core, core
}

// largest is the memory for a response that an exchange keeps for the next.
const largest = 64 << 10

// reset makes x ready for another request, maybe of another connection.
func (x *exchange) reset() {
	x.reads.reset()
	x.writes.reset()
	x.c, x.core, x.lane, x.rq, x.in, x.more, x.jobs, x.worker, x.copied = nil, nil, nil, nil, nil, nil, nil, nil, nil
	x.out, x.held = x.out[:0], x.held[:0]
	if cap(x.out) > largest {
		x.out = make([]byte, 0, 4<<10)
	}
	clear(x.flushing[:cap(x.flushing)])
	x.flushing = x.flushing[:0]
	clear(x.fields)
	clear(x.values)
	x.fields, x.values = x.fields[:0], x.values[:0]
	x.watching.Store(false)
	x.finished.Store(false)
	x.notice.reset()
	x.rx, x.tx, x.half = async.Op[[]byte]{}, async.Op[int]{}, async.Act{}
	x.receiving, x.sending, x.received = false, false, nil
	x.call = call{}
	x.last, x.unread, x.failed, x.next = false, false, false, nil
	x.broken, x.late, x.hijacked, x.detached = false, false, false, false
}

// slot is a question of a handler's goroutine to the connection's task.
type slot struct {
	asked  atomic.Bool
	err    error
	answer chan struct{}
}

// ask waits for the task's answer. One goroutine at a time asks.
func (x *exchange) ask(s *slot) error {
	s.asked.Store(true)
	x.core.Wake()
	<-s.answer
	return s.err
}

func (s *slot) reply(err error) {
	s.err = err
	s.asked.Store(false)
	s.answer <- struct{}{}
}

// deadline is a limit for one direction: a point in time for the whole of it, and the
// time for which waits may last. Waits use that up, and bytes bring it back at MinRate:
// were it given back whole, a byte now and then would hold a request for ever.
type deadline struct {
	shard  *shard
	core   *async.Core // who waits
	timer  wheel.Timer
	until  int64         // on the executor's clock; 0 is none
	since  int64         // when the wait began
	credit time.Duration // at most the StallTimeout
	looked bool          // see secondLook
	passed bool
}

// secondLook is how much longer anything is waited for whose time is over: for as long as
// it takes the loop to look what has come. It may have been held, so that what it waited
// for has been there for long.
const secondLook = time.Millisecond

// reset makes it one without a limit on the whole.
func (d *deadline) reset() {
	d.stop()
	d.until, d.credit = 0, d.shard.stall
}

// wait begins a wait, and reports false if there is no time for it.
func (d *deadline) wait() bool {
	if d.timer.Active() {
		return true
	}
	e := d.shard.exec
	left := d.credit
	if left <= 0 && d.shard.stall > 0 {
		d.passed = true
		return false
	}
	d.since = e.Now()
	if d.until != 0 {
		rest := max(time.Duration(d.until-e.Now()), 0)
		if rest == 0 {
			d.passed = true
			return false
		}
		if left == 0 || rest < left {
			left = rest
		}
	}
	if left > 0 {
		e.StartTimer(&d.timer, left, d)
	}
	return true
}

// stop ends a wait.
func (d *deadline) stop() {
	if d.timer.Active() {
		d.shard.exec.StopTimer(&d.timer)
	}
	d.looked, d.passed = false, false
}

// moved ends a wait in which so many bytes have come or gone.
func (d *deadline) moved(n int) {
	d.stop()
	if sh := d.shard; sh.stall > 0 {
		used := min(time.Duration(sh.exec.Now()-d.since), d.credit) // more is not the client's fault
		d.credit = refilled(d.credit-used, sh.stall, time.Duration(n), sh.perByte)
	}
}

// refilled is credit with what n bytes bring back, at most all of it: however long that is,
// and whatever they are worth.
func refilled(credit, most, n, perByte time.Duration) time.Duration {
	if missing := most - credit; n == 0 || perByte <= missing/n {
		return credit + n*perByte
	}
	return most
}

// within limits all that follows; 0 is no limit, and neither is one beyond the end of the
// clock.
func (d *deadline) within(limit time.Duration) {
	d.stop()
	d.until = 0
	if now := d.shard.exec.Now(); limit != 0 && int64(limit) <= math.MaxInt64-now {
		d.until = max(now+int64(limit), 1)
	}
}

// Fire ends the wait.
func (d *deadline) Fire() {
	if !d.looked {
		d.looked = true
		d.shard.exec.StartTimer(&d.timer, secondLook, d)
		return
	}
	d.passed = true
	d.core.WakeLocal()
}

// pollRead receives what in has next.
func (x *exchange) pollRead(t *async.Task) error {
	if x.hijacked {
		return http.ErrHijacked
	}
	if x.received != nil {
		return x.received
	}
	if !x.reads.passed && !x.reads.wait() {
		x.reads.stop()
		return os.ErrDeadlineExceeded
	}
	data, err := x.poll(t)
	if async.IsPending(err) {
		if x.reads.passed {
			x.reads.moved(0) // a client that has stalled has no time left, whoever asks again
			return os.ErrDeadlineExceeded
		}
		return err
	}
	x.reads.moved(len(data))
	x.in = data
	if err != nil {
		x.gone()
	}
	return err
}

// poll polls the receive of the connection.
func (x *exchange) poll(t *async.Task) ([]byte, error) {
	if x.lane != nil {
		return x.lane.poll(t)
	}
	if !x.receiving {
		x.rx, x.receiving = x.c.stream().Recv(), true
	}
	data, err := x.rx.Poll(t)
	if async.IsPending(err) {
		return nil, err
	}
	x.receiving = false
	x.received = err
	return data, err
}

// watch looks whether the client goes away while its request is handled. What it sends
// meanwhile is its next request, and ends the watch: there is no room for more.
func (x *exchange) watch(t *async.Task) {
	if x.lane != nil {
		x.lane.readNoMore() // its connection watches
		return
	}
	if x.hijacked || len(x.in) > 0 || x.received != nil {
		return
	}
	data, err := x.poll(t)
	switch {
	case async.IsPending(err):
	case err != nil:
		x.gone()
	default:
		x.in = data
	}
}

// gone tells the handler that the client is.
func (x *exchange) gone() {
	x.notice.give()
	if x.rq != nil {
		x.rq.ctx.cancel(context.Canceled)
	}
	x.call.stop()
}

// pollWrite sends out, and more behind it.
func (x *exchange) pollWrite(t *async.Task) error {
	if x.lane != nil {
		return x.lane.pollWrite(t)
	}
	for len(x.out) > 0 || len(x.more) > 0 || x.sending {
		if !x.sending {
			if x.broken {
				return x.drop(net.ErrClosed)
			}
			if !x.writes.wait() {
				x.giveUp()
				return x.drop(os.ErrDeadlineExceeded)
			}
			x.tx, x.sending = x.write(), true
		}
		n, err := x.tx.Poll(t)
		if async.IsPending(err) && (x.writes.passed || !x.writes.wait()) {
			x.giveUp() // the operation ends, and says how far it has come
			n, err = x.tx.Poll(t)
		}
		if async.IsPending(err) {
			return err
		}
		x.sending = false
		x.writes.moved(n)
		if err != nil {
			x.broken = true
			x.gone()
			return x.drop(err)
		}
	}
	return nil
}

// giveUp ends the connection of a client that does not take its response in time.
func (x *exchange) giveUp() {
	x.late = true
	x.abort()
	x.writes.stop()
}

// piece is how much is sent within one StallTimeout: an operation tells of no progress
// before its end.
const piece = 256 << 10

// write begins to send as much as one operation may.
func (x *exchange) write() async.Op[int] {
	out, more := x.out, x.more
	x.out = x.out[:0]
	if len(more) == 0 && len(out) > piece {
		out, more = nil, out
	}
	now := more[:min(len(more), piece)]
	c, plain := x.c.stream().(*netio.Conn)
	switch {
	case len(now) == 0:
		return x.c.stream().Write(out)
	case len(out) == 0:
		x.more = more[len(now):]
		return x.c.stream().Write(now)
	case plain:
		x.more = more[len(now):]
		return c.Writev(out, now)
	}
	return x.c.stream().Write(out)
}

// drop forgets what can't be sent, and returns why it can't.
func (x *exchange) drop(err error) error {
	x.out, x.more = x.out[:0], nil
	if x.late {
		return os.ErrDeadlineExceeded
	}
	return err
}

// abort closes the connection below the request, which ends what is in flight. Another
// task closes: the bytes that are lent to this one stay, for the handler may be reading
// them. They go back when this one closes, too.
func (x *exchange) abort() {
	if !x.broken && !x.hijacked {
		x.broken = true
		if x.lane != nil {
			x.lane.reset()
		} else {
			x.shard.close(x.c.stream())
		}
		if x.copied != nil {
			x.copied.SetWriteDeadline(time.Unix(1, 0))
		}
		x.gone()
	}
}

// pump carries bytes for a handler that runs on a goroutine, and reports whether that
// is done, and its response sent.
func (x *exchange) pump(t *async.Task) (done bool) {
	if t.Cause() != nil {
		x.abort()
	}
	if x.job.asked.Load() {
		x.jobs(t)
		detached := x.detached
		x.job.reply(nil)
		if detached {
			return true
		}
	}
	if x.rd.asked.Load() {
		if x.rq.body.interrupts.Load() > 0 {
			x.reads.stop() // the receive goes on, as that of watch does
			x.rd.reply(errInterrupted)
		} else if err := x.pollRead(t); !async.IsPending(err) {
			x.rd.reply(err)
		}
	} else if x.watching.Load() {
		x.watch(t)
	}
	finished := x.finished.Load()
	if finished && x.failed {
		return true
	}
	if x.wr.asked.Load() || finished {
		err := x.pollWrite(t)
		if async.IsPending(err) {
			return false
		}
		if x.wr.asked.Load() {
			x.wr.reply(err)
		}
	}
	return finished
}

// release ends the request.
func (x *exchange) release() {
	if x.rq != nil {
		x.shard.requests.Add(-1)
	}
	if x.detached {
		close(x.worker.work) // it ends with its handler
		return
	}
	x.rq = nil
	if w := x.worker; w != nil {
		x.worker = nil
		x.shard.rest(w)
	}
}

// lingerFor is how long a client whose request was not read to its end has to read
// the response: closing at once would have the kernel reset the connection, and the
// client lose what it has not read (RFC 9112, section 9.6).
const lingerFor = 500 * time.Millisecond

func (x *exchange) beginLinger() {
	x.half, x.halved = x.c.stream().CloseWrite(), false
	x.in = nil
	x.reads.reset()
	x.reads.within(lingerFor)
}

// linger drops what the client still sends, and reports whether that is over.
func (x *exchange) linger(t *async.Task) (done bool) {
	for t.Cause() == nil {
		if !x.halved {
			_, err := x.half.Poll(t)
			x.halved = !async.IsPending(err)
		}
		err := x.pollRead(t)
		if async.IsPending(err) {
			return false
		}
		if err != nil {
			break
		}
	}
	return true
}
