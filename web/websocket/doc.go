// Package websocket is WebSocket (RFC 6455), with compression (RFC 7692), for handlers of
// rondo's web server and of net/http, and for clients.
//
//	mux.Handle("/echo", websocket.Handler(nil, func(t *async.Task, c *websocket.Conn) error {
//		for {
//			m, err := c.Receive().Await(t)
//			if err != nil {
//				return err // errors.Is(err, io.EOF): the peer has closed, and all is in order
//			}
//			if _, err := c.Send(m.Kind, m.Data).Await(t); err != nil {
//				return err
//			}
//		}
//	}))
//
// [Upgrade] does the same in a handler that looks at the request before: the function goes
// on with the connection when the handler has returned. [Accept] is for a handler that
// goes on itself as a goroutine, and says Wait(ctx) where a task says Await(t), and
// [AcceptAsync] for one that does so as a task. [Dial] is the other side.
//
// # Operations
//
// [Conn.Receive] returns the next message as a whole, and [Conn.Send] sends one;
// [Conn.Ping] asks whether the peer is there, and [Conn.CloseWith] says goodbye. Like
// all operations of rondo they are values: a task awaits them, a goroutine waits for
// them under a context, and a combinator takes them by pointer. Any number of tasks and
// goroutines may use a connection at the same time. Messages are never mixed.
//
// To have a message of any size in memory is up to Options.MaxMessage: what is larger
// ends the connection before it is there, and so does a small one that
// says a large one when it is decompressed. There are no readers and writers of
// parts of a message: who moves more than fits into memory sends many messages.
//
// Pings are answered while somebody receives, and Options.PingEvery sends some. A close of
// the peer's is answered too; it is the error of the Receive, a [*CloseError].
//
// # What waits costs little
//
// A handler that goes on with its connection keeps its request, the server's buffers for
// that, and a goroutine or a stack for as long as the connection lasts: 6 to 14 KB. A
// function of [Handler] or [Upgrade] keeps what it needs: a connection that waits costs
// 0.6 KB if the function was lowered by the command rondo, and 4 KB on a coroutine. So does
// one of net/http's, without TLS.
//
// A connection on which a task waits for a message holds no goroutine, no buffer and
// nothing to compress with. The message is lent from where the transport has received
// it, if it came there as a whole; it is decompressed, or put together, in a buffer that
// is lent likewise, until the next Receive. What is to be sent is copied, masked or
// compressed into a buffer that goes when it was sent. No message is compressed with the
// help of the one before, in either direction: see RFC 7692, section 7.1.1.
//
// With Accept under net/http there are goroutines: the handler's, and another one, with a
// buffer, for as long as a Receive waits.
//
// # Cancelling loses nothing
//
// A Receive that is cancelled, or whose time is up, leaves what has come of a message to
// the next; one that loses a Select puts its message back. A Send is whole or not at
// all: before its turn it leaves nothing behind, and after that the connection
// finishes the frame, whoever has given up.
//
// # Closing
//
// [Conn.Close] tells the peer, waits for its answer for Options.CloseWithin at most, and
// closes the transport. A handler defers it; the function of an Upgrade just returns. [Conn.CloseNow] does not wait. If the peer
// breaks the protocol, sends what is no UTF-8 as text, or too much, it is told so, and
// the Receive returns a [*ViolationError].
//
// # Security
//
// Browsers let any page connect anywhere, with the user's cookies. A server refuses pages
// of other origins unless Options.CheckOrigin says otherwise.
package websocket
