package driver

import (
	"fmt"
	"net/netip"
	"time"
	"unsafe"
)

// A Kind says what an operation does.
type Kind uint8

// The kinds of operations. The method of the same name on Op prepares one and
// documents it.
const (
	OpNone Kind = iota
	OpRead
	OpWrite
	OpReadAt
	OpWriteAt
	OpRecv
	OpSend
	OpRecvLent
	OpWritev
	OpRecvMsg
	OpSendMsg
	OpRecvBatch
	OpSendBatch
	OpAccept
	OpAcceptMulti
	OpConnect
	OpReady
	OpShutdown
	OpClose
	OpFsync
	OpOpen
	OpStat
	OpReadvAt
	OpWritevAt
	OpFile
	OpSplice
	numKinds
)

var kindNames = [numKinds]string{"none", "read", "write", "readat", "writeat", "recv", "send", "recvlent", "writev",
	"recvmsg", "sendmsg", "recvbatch", "sendbatch", "accept", "acceptmulti", "connect", "ready", "shutdown", "close", "fsync", "open", "stat",
	"readvat", "writevat", "file", "splice"}

func (k Kind) String() string {
	if k < numKinds {
		return kindNames[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// An Op is an operation: prepared by one of its methods, handed to
// Driver.Submit, ended by a call of its Completer. It belongs to the driver in
// between, and can be prepared again afterwards. The zero value is ready to be
// prepared.
//
// It is 48 bytes because a waiting connection holds one.
type Op struct {
	kind  Kind
	state opState
	flags uint16 // of the kind: readiness bits, shutdown direction
	fd    int32
	slot  uint32 // where the driver finds it while it is in flight
	n     uint32 // the length of the memory at ptr, for kinds with bytes

	// ptr is what the operation works on. The kind decides which of two things
	// it is, and only the preparing methods set both together:
	//   - for kinds with bytes (hasBytes), the base of a []byte of length n;
	//   - for the others, the *Vec, *Msg, *Batch, *ConnectArgs, *OpenArgs, *StatArgs,
	//     *FileArgs or *SpliceArgs given.
	// It is an ordinary pointer to the collector, so it keeps the memory alive
	// for as long as the driver keeps the Op; Go's heap does not move.
	ptr unsafe.Pointer

	off  int64
	done Completer
}

type opState uint8

const (
	opIdle      opState = iota // not with a driver
	opInFlight                 // submitted, not ended
	opCancelled                // submitted, Cancel was called
	opEnding                   // ended, its Completer not yet called
)

// A Completer is told about the end of an operation, and about each result of a
// multishot one. See Driver for what it may do.
type Completer interface {
	Complete(op *Op, r Result)
}

// CompleterFunc makes a Completer of a function.
type CompleterFunc func(op *Op, r Result)

// Complete calls f.
func (f CompleterFunc) Complete(op *Op, r Result) { f(op, r) }

// Result is how an operation went.
type Result struct {
	N    int   // bytes moved, or the new descriptor (accept, open), or readiness bits
	Err  error // nil, a syscall.Errno, or ErrCanceled; N is meaningful only without it
	More bool  // a multishot operation is still in flight
	Lent Lent  // OpRecvLent: the bytes received; Bytes is nil at the end of the stream
}

// Lent is memory of the driver with received bytes in it. It is valid until it
// is handed to Driver.Release.
type Lent struct {
	Bytes []byte
	id    uint32
}

// A Vec is the argument of a vectored read or write.
type Vec struct {
	Bufs [][]byte
	raw  rawVec
}

// A Msg is the argument of RecvMsg and SendMsg: a datagram, or bytes with
// control data such as descriptors.
type Msg struct {
	Bufs    [][]byte
	Control []byte // control data to send, or room for it
	Addr    Addr   // where to; after a receive, where from (zero on a connected stream)
	Flags   int    // MSG_* given to the call
	// Ancillary, if not nil, is used instead of Control.
	Ancillary *Ancillary
	// Results.
	N         int // bytes received, or sent; Result.N has them too, if the message is none of a batch
	ControlN  int // bytes of Control filled
	RecvFlags int // MSG_TRUNC and the like
	raw       rawMsg
}

// Forget lets go of all that the caller has put into m, and of what was received,
// but keeps the memory that the driver has made for itself: m can be used again
// without an allocation. It must not be in flight.
func (m *Msg) Forget() {
	m.raw.forget()
	m.Bufs, m.Control, m.Addr, m.Flags, m.Ancillary = nil, nil, Addr{}, 0, nil
	m.N, m.ControlN, m.RecvFlags = 0, 0, 0
}

// A Batch is the argument of RecvBatch and SendBatch: several messages. Their
// Flags and Control are not used, their Ancillary is.
type Batch struct {
	Msgs []Msg
	raw  rawBatch
}

// An Addr names a socket's end: an IP address with a port, or a path in the
// file system (with a leading @, an abstract name) if Path is not empty.
type Addr struct {
	netip.AddrPort
	Path string
}

func (a Addr) String() string {
	if a.Path != "" {
		return a.Path
	}
	return a.AddrPort.String()
}

// ConnectArgs is the argument of Connect.
type ConnectArgs struct {
	Addr Addr
	raw  rawAddr
}

// OpenArgs is the argument of Open.
type OpenArgs struct {
	Path  string
	Flags int    // os.O_* values; close-on-exec is added
	Perm  uint32 // permission bits of a new file
	raw   rawPath
}

// StatArgs is the argument of Stat: a path, or an open descriptor if Path is
// empty.
type StatArgs struct {
	Path     string
	FD       int
	NoFollow bool // of a symbolic link, the link itself
	Info     Stat // the result
	raw      rawStat
}

// SpliceArgs is the argument of Splice.
type SpliceArgs struct {
	To     int   // the descriptor to move bytes to: a pipe or a socket
	N      int   // how many at most
	Offset int64 // where in a file to begin; negative: it is a pipe or a socket
}

// Stat is what is known of a file.
type Stat struct {
	Size    int64
	Mode    uint32 // type and permission bits as in stat(2)
	Links   uint32
	UID     uint32
	GID     uint32
	Inode   uint64
	Device  uint64 // which file system the inode is of
	Blocks  int64  // of 512 bytes
	AccTime time.Time
	ModTime time.Time
}

// Events are readiness bits, for Ready and its result.
type Events uint16

const (
	Readable Events = 1 << iota // a read would not block: data, end of stream, a connection to accept, or an error
	Writable                    // a write would not block, or would fail
	Hangup                      // the peer has gone; in results only
)

// InFlight reports whether op was submitted and has not ended.
func (o *Op) InFlight() bool { return o.state != opIdle }

// Kind returns what op was last prepared for.
func (o *Op) Kind() Kind { return o.kind }

// FD returns the descriptor that op was last prepared with.
func (o *Op) FD() int { return int(o.fd) }

// Bytes returns the buffer of an operation with bytes. It stays known after the
// end, until the Op is prepared again or reset.
func (o *Op) Bytes() []byte { return o.bytes() }

// Reset forgets what op was prepared with, so that it keeps no memory alive. It
// must not be in flight.
func (o *Op) Reset() {
	if o.state != opIdle {
		panic("rondo/driver: operation " + o.kind.String() + " reset while in flight")
	}
	*o = Op{}
}

// hasBytes reports whether ptr and n are a []byte.
func (k Kind) hasBytes() bool {
	switch k {
	case OpRead, OpWrite, OpReadAt, OpWriteAt, OpRecv, OpSend:
		return true
	}
	return false
}

// hasMessages reports whether the argument is a *Msg or a *Batch.
func (k Kind) hasMessages() bool {
	switch k {
	case OpRecvMsg, OpSendMsg, OpRecvBatch, OpSendBatch:
		return true
	}
	return false
}

// bytes returns the buffer of an operation with bytes.
func (o *Op) bytes() []byte {
	if !o.kind.hasBytes() {
		panic("rondo/driver: operation " + o.kind.String() + " has no bytes")
	}
	// ptr and n were taken from one slice by withBytes.
	return unsafe.Slice((*byte)(o.ptr), o.n)
}

// The arguments of the kinds that have some: ptr was set by the preparing
// method of that kind, from a pointer of exactly this type.

func (o *Op) batch() *Batch {
	if o.kind == OpSendBatch {
		return (*Batch)(o.ptr)
	}
	return (*Batch)(o.arg(OpRecvBatch))
}
func (o *Op) vec() *Vec {
	if o.kind == OpReadvAt || o.kind == OpWritevAt {
		return (*Vec)(o.ptr)
	}
	return (*Vec)(o.arg(OpWritev))
}
func (o *Op) connect() *ConnectArgs { return (*ConnectArgs)(o.arg(OpConnect)) }
func (o *Op) open() *OpenArgs       { return (*OpenArgs)(o.arg(OpOpen)) }
func (o *Op) stat() *StatArgs       { return (*StatArgs)(o.arg(OpStat)) }
func (o *Op) file() *FileArgs       { return (*FileArgs)(o.arg(OpFile)) }
func (o *Op) splice() *SpliceArgs   { return (*SpliceArgs)(o.arg(OpSplice)) }
func (o *Op) msg() *Msg {
	if o.kind == OpSendMsg {
		return (*Msg)(o.ptr)
	}
	return (*Msg)(o.arg(OpRecvMsg))
}

func (o *Op) arg(k Kind) unsafe.Pointer {
	if o.kind != k {
		panic("rondo/driver: operation is " + o.kind.String() + ", not " + k.String())
	}
	return o.ptr
}

func (o *Op) prepare(k Kind, fd int, c Completer) {
	if o.state != opIdle {
		panic("rondo/driver: operation " + o.kind.String() + " prepared while in flight")
	}
	o.kind, o.fd, o.done = k, int32(fd), c
	o.flags, o.n, o.ptr, o.off = 0, 0, nil, 0
}

func (o *Op) withBytes(b []byte) {
	if len(b) > maxBytes {
		b = b[:maxBytes]
	}
	o.ptr, o.n = unsafe.Pointer(unsafe.SliceData(b)), uint32(len(b))
}

// maxBytes is the most that one operation moves, as on Linux (read(2)).
const maxBytes = 0x7ffff000

// Read reads at the position of a stream or file: up to len(b) bytes, 0 at its
// end. At most 2 GiB are read at a time.
func (o *Op) Read(fd int, b []byte, c Completer) { o.prepare(OpRead, fd, c); o.withBytes(b) }

// Write writes at the position of a stream or file: at least one byte if there
// is one, perhaps fewer than len(b).
func (o *Op) Write(fd int, b []byte, c Completer) { o.prepare(OpWrite, fd, c); o.withBytes(b) }

// ReadAt reads from a file at an offset.
func (o *Op) ReadAt(fd int, b []byte, off int64, c Completer) {
	o.prepare(OpReadAt, fd, c)
	o.withBytes(b)
	o.off = off
}

// WriteAt writes to a file at an offset.
func (o *Op) WriteAt(fd int, b []byte, off int64, c Completer) {
	o.prepare(OpWriteAt, fd, c)
	o.withBytes(b)
	o.off = off
}

// ReadvAt reads from a file at an offset into v.Bufs, one after the other. v belongs
// to the driver until the end; it is not changed.
func (o *Op) ReadvAt(fd int, v *Vec, off int64, c Completer) {
	o.prepare(OpReadvAt, fd, c)
	o.ptr, o.off = unsafe.Pointer(v), off
}

// WritevAt writes the concatenation of v.Bufs to a file at an offset; v is as with
// ReadvAt.
func (o *Op) WritevAt(fd int, v *Vec, off int64, c Completer) {
	o.prepare(OpWritevAt, fd, c)
	o.ptr, o.off = unsafe.Pointer(v), off
}

// Recv reads from a connected socket, like Read.
func (o *Op) Recv(fd int, b []byte, c Completer) { o.prepare(OpRecv, fd, c); o.withBytes(b) }

// Send writes to a connected socket, like Write; a peer that has gone is an
// EPIPE, never a signal.
func (o *Op) Send(fd int, b []byte, c Completer) { o.prepare(OpSend, fd, c); o.withBytes(b) }

// RecvLent reads from a connected socket into memory of the driver, which the
// result lends. It is multishot: it ends at the end of the stream (with N == 0),
// with an error, when cancelled, or when the driver wants to be asked again (an
// end with bytes). While it is in flight and nothing arrives it holds no memory.
// ENOBUFS ends it when all buffers are lent: release some, then submit it again.
func (o *Op) RecvLent(fd int, c Completer) { o.prepare(OpRecvLent, fd, c) }

// Writev writes the concatenation of v.Bufs, at least one byte if there is one,
// perhaps not all. v belongs to the driver until the end; it is not changed.
func (o *Op) Writev(fd int, v *Vec, c Completer) {
	o.prepare(OpWritev, fd, c)
	o.ptr = unsafe.Pointer(v)
}

// RecvMsg receives one message with its sender's address and control data.
func (o *Op) RecvMsg(fd int, m *Msg, c Completer) {
	o.prepare(OpRecvMsg, fd, c)
	o.ptr = unsafe.Pointer(m)
}

// SendMsg sends one message. To a Unix socket named by m.Addr that has no room it may
// end with EAGAIN, because nothing tells when there is some: try again later.
func (o *Op) SendMsg(fd int, m *Msg, c Completer) {
	o.prepare(OpSendMsg, fd, c)
	o.ptr = unsafe.Pointer(m)
}

// RecvBatch receives messages: it waits for the first, and takes those that are
// there then, as many as b.Msgs has room for. Result.N says how many they are, and
// Msg.N how long each is.
func (o *Op) RecvBatch(fd int, b *Batch, c Completer) {
	o.prepare(OpRecvBatch, fd, c)
	o.ptr = unsafe.Pointer(b)
}

// SendBatch sends messages, in order: at least one, perhaps not all. Result.N says
// how many. The error of a message behind the first ends the batch before it, and
// comes when it is the first of another one. EAGAIN is as with SendMsg.
func (o *Op) SendBatch(fd int, b *Batch, c Completer) {
	o.prepare(OpSendBatch, fd, c)
	o.ptr = unsafe.Pointer(b)
}

// Accept accepts one connection; Result.N is its descriptor, non-blocking and
// close-on-exec.
func (o *Op) Accept(fd int, c Completer) { o.prepare(OpAccept, fd, c) }

// AcceptMulti accepts connections until cancelled or failed. A failure that may
// pass (EMFILE, ECONNABORTED) ends it too: submit it again.
func (o *Op) AcceptMulti(fd int, c Completer) { o.prepare(OpAcceptMulti, fd, c) }

// Connect connects a socket made by Sockets.Socket for the address.
func (o *Op) Connect(fd int, a *ConnectArgs, c Completer) {
	o.prepare(OpConnect, fd, c)
	o.ptr = unsafe.Pointer(a)
}

// Ready waits until a descriptor, which may belong to somebody else, is ready
// for one of the events; Result.N has the events that it is ready for. It may be
// wrong: try without blocking, and wait again.
func (o *Op) Ready(fd int, ev Events, c Completer) {
	o.prepare(OpReady, fd, c)
	o.flags = uint16(ev)
}

// Shutdown ends a connection's directions: how is 0 to receive, 1 to send, 2
// for both.
func (o *Op) Shutdown(fd, how int, c Completer) {
	o.prepare(OpShutdown, fd, c)
	o.flags = uint16(how)
}

// Close closes a descriptor. Other operations of this driver in flight on it are
// cancelled, and end before the descriptor is closed. Close cannot be cancelled.
func (o *Op) Close(fd int, c Completer) { o.prepare(OpClose, fd, c) }

// Fsync makes a file's content durable, and with dataOnly false its metadata.
func (o *Op) Fsync(fd int, dataOnly bool, c Completer) {
	o.prepare(OpFsync, fd, c)
	if dataOnly {
		o.flags = 1
	}
}

// Open opens a file; Result.N is its descriptor. It waits for the other end of a FIFO
// as open(2) does, unless it is cancelled.
func (o *Op) Open(a *OpenArgs, c Completer) {
	o.prepare(OpOpen, -1, c)
	o.ptr = unsafe.Pointer(a)
}

// Stat asks for a file's metadata, into a.Info.
func (o *Op) Stat(a *StatArgs, c Completer) {
	fd := -1
	if a.Path == "" {
		fd = a.FD
	}
	o.prepare(OpStat, fd, c)
	o.ptr = unsafe.Pointer(a)
}

// File carries out one of the calls on the file system that have no kind of their
// own; a.Call says which, and what Result.N is.
func (o *Op) File(a *FileArgs, c Completer) {
	fd := -1
	if a.Path == "" {
		fd = a.FD
	}
	o.prepare(OpFile, fd, c)
	o.ptr = unsafe.Pointer(a)
}

// Splice moves up to a.N bytes from one descriptor to another, without them passing
// through the memory of the program (splice(2)). One of the two has to be a pipe; a
// file is named with an offset. Result.N is how many bytes were moved; 0 is the end
// of what is moved from.
//
// It does not wait for either of the two, which have to be non-blocking unless they
// are pipes: if it could move nothing, it ends with EAGAIN, and Ready tells when to
// try again. Moving from a file may take as long as reading it. Both stay open until
// the end.
//
// A driver without it ends it with errors.ErrUnsupported, or with EINVAL for
// descriptors that it can't do it for: read and write instead.
func (o *Op) Splice(from int, a *SpliceArgs, c Completer) {
	o.prepare(OpSplice, from, c)
	o.ptr = unsafe.Pointer(a)
}
