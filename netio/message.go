package netio

import (
	"os"
	"syscall"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/driver"
)

// ReadMsg is Read into m.Buf that takes the files too which came along over a Unix
// socket, up to m.MaxFiles; see Message. Of m it sets N, Files and Truncated, which
// says that there were more files. m is the connection's from the await's beginning to
// its end.
//
// A stream has no boundaries: m.Buf may get a part of what was written, or what several
// writes have. But no read goes beyond bytes that came with files, and these come with
// the first of the bytes that they were sent with (unix(7)). A losing ReadMsg puts the
// files back with its bytes.
//
// Other ways to read lose files: the system closes those that come while there is a Read
// or a Recv, and for a Recv it goes on receiving when that is over. Who expects files
// reads with nothing but ReadMsg.
func (c *Conn) ReadMsg(m *Message) async.Op[int] {
	return async.NewOp[int](&messageRead{c: c, m: m}, nil, 0)
}

// WriteMsg is Write of m.Buf, and sends m.Files along with the first byte of it
// (SCM_RIGHTS, unix(7)): there has to be one, or the error is syscall.EINVAL. It is for
// Unix sockets; others know no files. The rest of m does not matter, but for N, which is
// set. m is the connection's from the await's beginning to its end.
func (c *Conn) WriteMsg(m *Message) async.Op[int] {
	return async.NewOp[int](&messageWrite{c: c, m: m}, nil, 0)
}

// messageRead is the source of one ReadMsg.
type messageRead struct {
	c         *Conn
	m         *Message
	msg       driver.Msg
	ancillary driver.Ancillary
}

func (x *messageRead) Home() *async.Executor { return x.c.home.exec }

func (x *messageRead) Start(*async.Task, []byte, uint64) uint32 {
	x.m.N, x.m.Files, x.m.Truncated = 0, nil, false
	return x.c.queueRead(queuedRead{kind: readMessage, buf: x.m.Buf, message: x})
}

func (x *messageRead) PollOp(t *async.Task, ticket uint32, keep bool) (n int, err error) {
	n, err = (*connRead)(x.c).PollOp(t, ticket, keep)
	if !async.IsPending(err) {
		x.m.N = n
	}
	return n, err
}

func (x *messageRead) CancelOp(_ *async.Task, ticket uint32) bool { return x.c.cancelRead(ticket) }

func (x *messageRead) Settle(ticket uint32, back bool) int {
	return (*connRead)(x.c).Settle(ticket, back)
}

// receiveMessage is the turn of a readMessage. As with a readSplice, what is here
// already comes first, and a lent receive that is armed has to end: it would take the
// bytes without the files.
func (c *Conn) receiveMessage() {
	switch {
	case c.serve():
	case c.reading.op.InFlight():
		c.home.drv.Cancel(&c.reading.op) // receivedLent comes here again
	default:
		x := c.cold.message
		x.ancillary = driver.Ancillary{MaxRights: x.m.MaxFiles}
		x.msg = driver.Msg{Bufs: [][]byte{x.m.Buf}, Ancillary: &x.ancillary}
		c.reading.op.RecvMsg(int(c.fd), &x.msg, (*connReads)(c))
		c.home.drv.Submit(&c.reading.op)
	}
}

// receivedMessage is the end of the operation of a readMessage.
func (c *Conn) receivedMessage(r driver.Result) {
	if x := c.cold.message; r.Err == nil {
		x.m.Files = filesOf(x.ancillary.Rights, c.network())
		x.m.Truncated = x.msg.RecvFlags&msgControlTrunc != 0
	}
	c.received(r)
}

// serveFiles gives a readMessage that was served with bytes that were put back the files
// that were put back with them.
func (c *Conn) serveFiles() {
	k := c.cold
	m := k.message.m
	m.Truncated = m.fitFiles(k.files)
	k.files = nil
}

// keepFiles puts the files of a losing readMessage back.
func (c *Conn) keepFiles() {
	k := c.cold
	m := k.message.m
	if c.flags&connClosed != 0 {
		closeFiles(m.Files)
	} else {
		k.files = m.Files
	}
	m.Files = nil
}

// dropFiles closes what was put back when its bytes go without it.
func (k *connCold) dropFiles() {
	closeFiles(k.files)
	k.files = nil
}

// messageWrite is the source of one WriteMsg.
type messageWrite struct {
	c         *Conn
	m         *Message
	dups      []int // descriptors of the files, until they are sent
	msg       driver.Msg
	ancillary driver.Ancillary
}

func (x *messageWrite) Home() *async.Executor { return x.c.home.exec }

func (x *messageWrite) Start(_ *async.Task, _ []byte, already uint64) uint32 {
	w := x.c.home.newWriting()
	w.buf, w.from, w.n = x.m.Buf[already:], int(already), int(already)
	if already == 0 && len(x.m.Files) > 0 {
		w.message = x
	}
	return x.c.startWrite(w)
}

func (x *messageWrite) PollOp(t *async.Task, ticket uint32, keep bool) (n int, err error) {
	n, err = x.c.pollWrite(t, ticket, keep)
	if !async.IsPending(err) {
		x.m.N = n
	}
	return n, err
}

func (x *messageWrite) CancelOp(_ *async.Task, ticket uint32) bool { return x.c.cancelWrite(ticket) }

func (x *messageWrite) Settle(ticket uint32, back bool) int {
	return (*connWrite)(x.c).Settle(ticket, back)
}

// sendMessage is what submit does as long as there are files to send.
func (w *writing) sendMessage() {
	x, p := w.message, w.c.home
	var err error
	if len(w.buf) == 0 {
		err = os.NewSyscallError("sendmsg", syscall.EINVAL) // the system would drop them
	} else {
		x.dups, err = p.dupFiles(nil, x.m.Files)
	}
	if err != nil {
		w.outcome, w.err = failed, err
		return
	}
	x.ancillary = driver.Ancillary{Rights: x.dups}
	x.msg = driver.Msg{Bufs: [][]byte{w.buf}, Ancillary: &x.ancillary}
	w.op.SendMsg(int(w.c.fd), &x.msg, w)
	p.drv.Submit(&w.op)
}

// sentMessage is the end of the driver's operation. If anything was sent the files were.
func (w *writing) sentMessage(r driver.Result) {
	x := w.message
	x.dups = w.c.home.closeDups(x.dups)
	if r.Err == nil {
		w.message = nil
	}
}
