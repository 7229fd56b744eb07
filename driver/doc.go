// Package driver is the platform's I/O as completions: io_uring and epoll on
// Linux, and a machine in memory that runs anywhere and repeats itself from a
// seed. It is the lowest floor of rondo, what mio is to tokio, and can be used
// alone.
//
// # Completions
//
// There are two ways to do I/O without blocking. A readiness interface says that
// a read would not block now, and leaves the reading to the caller. A completion
// interface takes the read itself, buffer and all, and says later how it went.
// io_uring and IOCP complete; epoll and kqueue tell readiness. Readiness can be
// turned into completions but not back, so this package completes everywhere:
//
//	var op driver.Op
//	op.Recv(fd, buf, completer) // prepare
//	d.Submit(&op)               // hand over
//	d.Wait(-1)                  // wait; calls completer.Complete(&op, result)
//
// One goroutine, the owner, submits, waits and runs all completions, so a program
// on a driver needs no locks. Only Wake is for others.
//
// # The life of an operation
//
// An Op belongs to its caller, who prepares it with the method named after what
// it should do. Submit lends it, with the memory that it refers to, to the
// driver. The driver calls the Completer when it is over, and from that call on
// the Op and the memory are the caller's again: the Completer may prepare and
// submit the very same Op.
//
//	idle --prepare, Submit--> in flight --Complete, More false--> idle
//	                            |   ^
//	                            +---+ Complete, More true (AcceptMulti, RecvLent)
//
// An operation ends exactly once. It may do so inside Submit or Cancel, so a
// Completer has to expect to be called at once; how deep such calls nest is
// bounded, and what exceeds the bound completes in the next Wait.
//
// Who owns what:
//
//	Op, buffer, argument   the caller; the driver from Submit until the end
//	descriptor             the caller, always: Driver.Close leaves them open
//	Lent.Bytes             the driver; the caller from the result until Release
//	accepted descriptor    whoever completes the operation: a result that nobody
//	received descriptor    wants has to be closed
//
// A buffer stays alive while the driver has it because the driver keeps the Op,
// and the Op keeps the buffer. It needs no pinning and no copy.
//
// # Cancelling
//
// Cancel asks; the operation then ends with its result if it has happened all
// the same, or else with ErrCanceled. Both are common (which one wins a race
// differs even between two modes of io_uring), and until the end the driver
// keeps the buffer. ErrCanceled means that nothing happened:
//
//	Read, Recv, RecvMsg      no byte was taken from the stream
//	RecvBatch, SendBatch     no message was received, or sent
//	RecvLent                 the same; results that came before it stand
//	Accept, AcceptMulti      the connection waits at the listener
//	Write, Send, Writev...   no byte was written
//	Connect                  the socket may be connecting: close it
//	Ready                    nothing to undo
//	ReadAt, WriteAt, ...     what runs in the kernel runs to its end, and the
//	Open, Stat, Fsync, File  result tells; cancelled only while it was queued, or an
//	                         Open while it waited for the other end of a FIFO
//	Close                    cannot be cancelled
//
// Closing a descriptor with Op.Close cancels what is in flight on it first.
//
// # Choosing a driver
//
// Open takes the best that the platform allows. NewMemory makes a [Memory], for
// tests: it has virtual time, and forces short reads, late completions, and both
// outcomes of every cancel. Package drivertest holds all of them to the rules of
// [Driver].
package driver
