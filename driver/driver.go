package driver

import (
	"errors"
	"net/netip"
	"time"
)

// A Driver carries out operations for one goroutine, its owner: usually an
// event loop.
//
// Rules, which the conformance suite (package drivertest) holds every
// implementation to:
//
//   - Submit, Cancel, Wait, Release, Forget, Close and the methods of Sockets
//     are called by the owner only, one at a time. Wake is for everybody.
//   - A submitted operation ends exactly once: its Completer is called with
//     Result.More false. A multishot operation may be completed any number of
//     times with More true before that. Between Submit and its end the driver
//     owns the Op and the memory it refers to.
//   - Completions run on the owner, inside Submit, Cancel or Wait. A Completer
//     may submit and cancel operations, also the one that just ended. A driver
//     bounds how deep such calls nest, and leaves the rest for the next Wait.
//   - A Completer must not call Wait or Close.
type Driver interface {
	// Submit starts op. It may complete inside the call; otherwise what is
	// queued reaches the kernel with the next Wait at the latest. An operation
	// that cannot even be queued completes with an error.
	Submit(op *Op)

	// Cancel asks op to end. The operation still ends exactly once: with its
	// result if it happened all the same, else with ErrCanceled; perhaps inside
	// the call. Cancelling an operation that is not in flight does nothing.
	Cancel(op *Op)

	// Wait hands over what is queued, waits until something completed, Wake was
	// called or d has passed, and runs the completions. With d == 0 it only
	// looks; with d < 0 it waits without a limit. It never returns before d has
	// passed without one of the other reasons, and may return early for no
	// reason at all only after a signal or a Wake. An error means that the
	// driver is broken, and never speaks of a single operation.
	Wait(d time.Duration) error

	// Wake makes the current Wait, or else the next one, return. Any goroutine
	// may call it at any time, also during and after Close. Wakes are merged.
	Wake()

	// Release gives the memory of a lent buffer back. Every Lent with a non-nil
	// Bytes has to be released once, by the owner.
	Release(l Lent)

	// Forget drops what the driver knows of a descriptor. It is called for one that
	// others have made, before it is used here, and for one that others get, who
	// will close it: its number comes back as something else. No operation is in
	// flight on it.
	Forget(fd int)

	// Close cancels what is in flight, waits until all of it has ended, and
	// frees the driver. Descriptors stay open: they belong to the caller.
	Close() error

	// Name says which driver this is: "io_uring", "epoll", ... Anybody may call it.
	Name() string

	// Stats returns counters. The owner calls it.
	Stats() Stats

	Sockets
}

// Sockets is what a driver does at once, without an operation. All descriptors
// that it makes are non-blocking and close-on-exec.
type Sockets interface {
	// Socket makes an unbound stream socket fit for connecting to addr.
	Socket(addr Addr) (fd int, err error)
	// Packet makes an unbound socket that keeps the boundaries of messages, of
	// the family of addr: UDP, or a Unix socket of datagrams; with SeqPacket a
	// Unix socket of ordered messages, to connect with.
	Packet(addr Addr, t SocketType) (fd int, err error)
	// Bind gives a socket an address of its own.
	Bind(fd int, addr Addr) error
	// SocketPair makes two Unix sockets that are connected to each other.
	SocketPair(t SocketType) (a, b int, err error)
	// Listen makes a listening socket.
	Listen(addr Addr, o ListenOptions) (fd int, err error)
	// Pipe makes a pipe: r is read, w is written.
	Pipe() (r, w int, err error)
	// LocalAddr and PeerAddr return the addresses of a socket.
	LocalAddr(fd int) (Addr, error)
	PeerAddr(fd int) (Addr, error)
	// SetOption sets a socket option, GetOption reads it. A driver returns
	// errors.ErrUnsupported for an option that it does not have.
	SetOption(fd int, o Option, value int) error
	GetOption(fd int, o Option) (value int, err error)
	// Group joins a multicast group, or leaves it, on the network interface of
	// that index; 0 leaves the choice to the system.
	Group(fd int, group netip.Addr, index int, join bool) error
	// PeerCred tells who has connected a Unix socket, or made the pair.
	PeerCred(fd int) (Cred, error)
	// Unlink removes the name of a Unix socket from the file system. An abstract
	// one has none there.
	Unlink(addr Addr) error
	// Dup makes another descriptor for a socket, for another driver: several
	// loops can accept from one listener.
	Dup(fd int) (int, error)
	// CloseNow closes a descriptor on which no operation is in flight. It is
	// for descriptors that were never used; Op.Close is the regular way.
	CloseNow(fd int) error
}

// ListenOptions are the options that have to be set before a socket listens.
type ListenOptions struct {
	Type      SocketType // Stream, or SeqPacket for a Path
	Backlog   int        // 0: the system's maximum
	ReusePort bool       // SO_REUSEPORT: several sockets share one address
	IPv6Only  bool       // IPV6_V6ONLY: an unspecified address of IPv6 does not mean IPv4 too
}

// A SocketType says what a socket keeps of what is sent through it.
type SocketType uint8

const (
	Stream    SocketType = iota // bytes in order
	Datagram                    // messages, each with an address of its own
	SeqPacket                   // messages in order, of a connection
)

// Cred tells who is at the other end of a Unix socket.
type Cred struct {
	PID int // of the process, in the reader's PID namespace; 0 if it has none there
	UID int // effective
	GID int // effective
}

// An Option is a socket option in portable clothing.
type Option uint8

const (
	NoDelay         Option = iota + 1 // TCP_NODELAY: 0 or 1
	KeepAlive                         // SO_KEEPALIVE: 0 or 1
	KeepAliveIdle                     // TCP_KEEPIDLE: seconds
	KeepAlivePeriod                   // TCP_KEEPINTVL: seconds
	KeepAliveCount                    // TCP_KEEPCNT: probes
	Linger                            // SO_LINGER: seconds, negative turns it off
	SendBuffer                        // SO_SNDBUF: bytes
	RecvBuffer                        // SO_RCVBUF: bytes
	SocketError                       // SO_ERROR: read and cleared, GetOption only
	QuickAck                          // TCP_QUICKACK: 0 or 1
	ReuseAddr                         // SO_REUSEADDR: 0 or 1
	ReusePort                         // SO_REUSEPORT: 0 or 1
	IPv6Only                          // IPV6_V6ONLY: 0 or 1
	Broadcast                         // SO_BROADCAST: 0 or 1

	// Those below are options of IPv4 and of IPv6 under two names. A socket of
	// IPv6 has both where the system lets it.

	TrafficClass       // IP_TOS, IPV6_TCLASS: the octet, with ECN in its two lowest bits
	HopLimit           // IP_TTL, IPV6_UNICAST_HOPS
	MulticastHops      // IP_MULTICAST_TTL, IPV6_MULTICAST_HOPS
	MulticastLoop      // IP_MULTICAST_LOOP, IPV6_MULTICAST_LOOP: 0 or 1
	MulticastInterface // IP_MULTICAST_IF, IPV6_MULTICAST_IF: the index of an interface, 0 for the system's choice
	RecvTrafficClass   // IP_RECVTOS, IPV6_RECVTCLASS: 0 or 1, see Ancillary
	RecvSegments       // UDP_GRO: 0 or 1, see Ancillary

	numOptions
)

// Stats counts what a driver did since it was made.
type Stats struct {
	Submitted int64 // operations submitted
	Ended     int64 // operations ended
	InFlight  int64 // Submitted - Ended
	Enters    int64 // system calls that submit or wait (not those of single operations)
	Direct    int64 // system calls made for single operations
	PoolBusy  int64 // operations that now run on the pool for files
	Lent      int64 // lent buffers not yet released
}

// ErrCanceled is the result of an operation that was cancelled before it
// happened.
var ErrCanceled = errors.New("operation cancelled")

// ErrClosed is returned by operations that are submitted to a closed driver, but for
// OpClose, which closes its descriptor at once.
var ErrClosed = errors.New("driver closed")

// A Clock is a driver that has a time of its own, such as the one in memory.
// An event loop on it uses this instead of the system's monotonic clock.
type Clock interface {
	// Now returns the time since some fixed instant; it never goes back.
	Now() time.Duration
}

// Options are what Open takes. The zero value is good for an event loop.
type Options struct {
	// Locked tells that the owner has called runtime.LockOSThread for good: the
	// driver may bind itself to the thread (io_uring: SINGLE_ISSUER and
	// DEFER_TASKRUN), and Wait may block the thread.
	Locked bool

	// Interrupt has the kernel interrupt the thread that submitted an operation as
	// soon as it completes, instead of waiting until the thread enters the kernel
	// for another reason (io_uring: it does without COOP_TASKRUN). It may help owners
	// that share their threads with goroutines which compute for long and enter the
	// kernel seldom; the benchmark of the busy cells in bench/ measures whether it
	// does. Locked owners are not interrupted.
	Interrupt bool

	// Entries is the size of the submission queue; 0 means 256. What does not
	// fit is queued by the driver: there is no limit to operations in flight.
	Entries int

	// Buffers and BufferSize shape the memory that is lent to OpRecvLent: their
	// number and the bytes in each. 0 means 4096 of 4096 bytes, of which only
	// those that are used become resident. Where the driver runs out,
	// OpRecvLent ends with ENOBUFS.
	Buffers    int
	BufferSize int

	// FileWorkers bounds the goroutines that carry out operations the platform
	// cannot do asynchronously; 0 means 4. They end when idle.
	FileWorkers int
}

// withDefaults fills in what Options documents for zero.
func (o Options) withDefaults() Options {
	if o.Entries <= 0 {
		o.Entries = 256
	}
	if o.Buffers <= 0 {
		o.Buffers = 4096
	}
	if o.BufferSize <= 0 {
		o.BufferSize = 4096
	}
	if o.FileWorkers <= 0 {
		o.FileWorkers = 4
	}
	return o
}
