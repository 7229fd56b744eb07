// Package tlsio is TLS for tasks: connections of package netio, encrypted by
// crypto/tls, which is used as it is. It is a package of its own so that programs
// without TLS do not have crypto/tls in them.
//
//	err := tlsio.Serve(t, ln, config, func(t *async.Task, c *tlsio.Conn) error {
//		for {
//			data, err := c.Recv().Await(t) // lent until the next Recv
//			if err == io.EOF {
//				return nil
//			}
//			if err != nil {
//				return err
//			}
//			if _, err := c.Write(data).Await(t); err != nil {
//				return err
//			}
//		}
//	})
//
// [Client] and [Server] make a TLS connection of a netio.Conn, [Dial] and [Serve] do
// it in one step with connecting and accepting. What is agreed on is the tls.Config's
// affair: versions, certificates of both sides, server names, ALPN, resumption.
// Renegotiation is refused.
//
// A [Conn] is used like a netio.Conn: the same operations, deadlines, rules for
// cancelling. Tasks and goroutines may read, write and close at the same time, and no
// mutex is held while anybody waits. With green.Conn it is a net.Conn.
//
// # What waits costs little
//
// crypto/tls is code that blocks. Here it does not: the handshake runs on a coroutine
// of its own, which goes back to its pool at the end; afterwards crypto/tls gets bytes
// when they have come, and is told to try again later when they are used up, in the
// middle of a record too. A connection that waits has no goroutine, no coroutine but
// the handler's, no record and no buffer to read into.
//
// What is left is mostly crypto/tls's own, about 9 KiB of heap a connection of a server:
// its state and keys, and two buffers as large as the client's first message, and as the
// largest record that was received, which it has no way to give back. A peer that sent
// a record of 16 KiB, the most there is, costs 17 KiB more from then on. The handler's
// stack comes on top, 4 KiB. bench/idletls measures it, beside goroutines and net/http.
//
// # Partial records
//
// A deadline, or a cancelled task, can end a Read in the middle of a record: nothing is
// lost. It can end a Write in the middle of one too, and the peer must have the rest
// before anything else; see [Conn.Write]. So both can be tried again, which crypto/tls
// alone allows only for reading.
package tlsio
