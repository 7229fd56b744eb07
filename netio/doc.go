// Package netio is the network for tasks: TCP, UDP and Unix sockets; listening,
// accepting, dialling, reading and writing as operations that suspend the task
// instead of the thread. It is what the event loop is for: connections that wait
// cost almost nothing.
//
//	func echo(t *async.Task, conn *netio.Conn) error {
//		for {
//			data, err := conn.Recv().Await(t) // lent until the next Recv
//			if err == io.EOF {
//				return nil
//			}
//			if err != nil {
//				return err
//			}
//			if _, err := conn.Write(data).Await(t); err != nil {
//				return err
//			}
//		}
//	}
//
//	err := rondo.Run(func(t *async.Task) error {
//		ln, err := netio.Listen(t, "tcp", ":7007")
//		if err != nil {
//			return err
//		}
//		return netio.Serve(t, ln, echo)
//	})
//
// # Operations
//
// A method like [Conn.Read] does nothing yet: it returns an operation, a value that
// runs when it is awaited. A task awaits it with Await; a goroutine that is no task
// waits with Wait, under a context; a combinator takes it by pointer, as a future.
// Reads of one connection are carried out in the order in which they were started,
// and so are writes; reads and writes don't wait for each other.
//
// There are two ways to read. Read fills a buffer of the caller's, which the
// connection has for as long as the operation waits. Recv has none while it waits,
// and lends one when something has come: an idle connection then holds no memory
// but itself. They can be mixed.
//
// Write writes everything, or says how much it wrote and why not more.
//
// # Messages
//
// A [PacketConn] keeps the boundaries of messages: [ListenPacket] and [DialPacket]
// open one for UDP or for a Unix socket, [PacketPair] makes two. Its ReadFrom and
// WriteTo move one message; ReadBatch and WriteBatch move many by one system call;
// ReadMsg and WriteMsg move one with what goes along: the traffic class with its
// congestion marks, segments that the system takes apart or puts together, open
// files.
//
//	for {
//		d, err := conn.ReadFrom(buf).Await(t)
//		if err != nil {
//			return err
//		}
//		if _, err := conn.WriteTo(buf[:d.N], d.Addr).Await(t); err != nil {
//			return err
//		}
//	}
//
// # Unix sockets
//
// [Listen] and [Dial] with the network "unix" give connections like any other; [Pair]
// makes two. "unixgram" and "unixpacket" are messages, in the latter case on
// connections that a [PacketListener] accepts. A name is a path, or with a leading @ an
// abstract one of Linux. PeerCred tells who is at the other end. Open files go along
// with bytes: see [Conn.WriteMsg] and [Conn.ReadMsg].
//
// # Cancelling loses nothing
//
// When a task is cancelled, the operation that it awaits ends. If it had happened
// all the same, its result is delivered, and the next await returns the cause. The
// same goes for a time limit, and for the loser of a Select, whom nobody listens to
// any more: the bytes that it has read go back into the connection for the next
// read; the message that it has received is put back whole, with its files; the
// connection that it has accepted waits at the listener; and a write goes on with the
// rest when it is awaited again.
//
// [Dial] is a function and not an operation, as is all that opens something. In a
// Select it runs as a task of its own (future.Go), which is cancelled when it loses. A
// connection that was made all the same is that task's result, and stays in its
// future: await that again, and close what it has.
//
// # Errors
//
// They are those of package net: *net.OpError, in which errors.Is finds
// net.ErrClosed after Close, os.ErrDeadlineExceeded, or a syscall.Errno such as
// ECONNRESET. The end of the stream is io.EOF as it is, and so is the cause of a
// cancelled task.
//
// # Homes
//
// A connection, and a listener, belong to one loop, on which they were made. Tasks of
// that loop should use it. Others can: their operations go there and back, which is
// right but slower. [Serve] places each connection on the loop with the least to do,
// and its handler with it.
//
// What is not an operation, such as [Conn.LocalAddr], is for tasks of the home loop
// only.
//
// # Pipes
//
// [NewPipe] makes a pipe, [OpenPipeReader] and [OpenPipeWriter] open one that has a
// name, and [PipeReaderFrom] and [PipeWriterFrom] take over a file, such as the end of
// a pipe to another process. Their ends are used like a connection's directions.
//
// # Moving bytes
//
// [Copy], [CopyN] and [CopyBidirectional] pass bytes on. While nothing comes they hold
// no buffer; what they have read and could not write goes back. Package buffered reads
// and writes in pieces of the caller's choice, package frame in messages, and package
// netiotest has connections without a network for tests. A [Readiness] tells when a
// descriptor is ready that somebody else owns.
//
// # And package net
//
// [FromNetConn] and [Conn.NetConn] hand a connection over in either direction, with
// what was received and not read; [FromNetPacketConn] and [PacketConn.NetConn] do so
// for sockets of messages.
package netio
