// Package green lets code that blocks run on the event loop, unmodified: it makes an
// ordinary net.Conn of a connection, whose Read suspends the task that calls it
// instead of a thread. What reads and writes an io.Reader, io.Writer or net.Conn can
// then be called by a task: crypto/tls, bufio, net/textproto, http.ReadRequest, the
// drivers of databases.
//
//	func handler(t *async.Task, c *netio.Conn) error {
//		s := tls.Server(green.Conn(t, c), config)
//		r := bufio.NewReader(s)
//		for {
//			line, err := r.ReadString('\n') // suspends t
//			...
//
// It is the green threads of this story: each task needs a stack, 2 KiB and more, for
// as long as it waits, and code that holds a buffer while it waits goes on holding
// it. What is written for the loop, with operations, costs less.
//
// # Who may call
//
// A method of a net.Conn is not told who calls. It finds out, for about a
// microsecond: a task of the loop on which the adaptor was made is suspended; an
// ordinary goroutine, such as libraries start, is blocked while the loop does the
// operation for it, as with Wait of an operation. Tasks of other loops look the same as
// those of this one and must not call; they make adaptors of their own. A task that
// calls has to run on a coroutine, as it does unless it was lowered.
//
// Anybody may set a deadline, or close, and thereby end what others wait in.
//
// # Locks, channels and goroutines
//
// Suspending is something that the methods of this package do, and that nothing else
// in unmodified code does. A mutex, a channel, a WaitGroup or time.Sleep, when a task
// waits in one, holds the loop with all its tasks. So:
//
//   - A mutex that is held across a call of this package must not be wanted by
//     another task of the loop: the loop would wait for ever, since the holder can't
//     go on either. Libraries that guard a connection with a mutex are used by one task
//     at a time. A *tls.Conn is such: Read may want the mutex that a suspended Write
//     holds, to answer an alert or a new key. One task may do both in turn; for two, at
//     the same time, there is package netio/tlsio, which holds no lock while it waits.
//   - A task that waits for a goroutine holds the loop for as long as that works. If
//     the goroutine itself waits for the loop, that is for ever. Connections made by
//     [Dialer] are safe from this: goroutines use them without the loop.
//   - A library whose every call is handed to goroutines of its own, such as an
//     http.Transport or a pool that dials in the background, is called by
//     rondo.Blocking. Nothing is gained for it by this package.
//
// # What is known to work
//
// The tests run nettest.TestConn, with tasks and with goroutines at the ends;
// crypto/tls as client and server; bufio, net/textproto, http.ReadRequest and
// ReadResponse; an http.Client with a RoundTripper that has no goroutines. The module
// interop has a PostgreSQL driver and a Redis client, with real servers.
package green
