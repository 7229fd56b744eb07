// Package rondo runs event loops: it is the runtime of asynchronous programs.
//
// An async function is one whose first parameter is a *[async.Task]. It reads
// like blocking code, and at every Await the loop goes on with other tasks:
//
//	func main() {
//		err := rondo.Run(func(t *async.Task) error {
//			ln, err := netio.Listen(t, "tcp", ":7007")
//			if err != nil {
//				return err
//			}
//			return netio.Serve(t, ln, func(t *async.Task, c *netio.Conn) error {
//				for {
//					data, err := c.Recv().Await(t)
//					if err != nil {
//						return err
//					}
//					if _, err := c.Write(data).Await(t); err != nil {
//						return err
//					}
//				}
//			})
//		})
//		...
//	}
//
// # Loops
//
// [Run] starts one loop a processor; programs with a main of their own use [New].
// A loop is a goroutine with a driver (io_uring where the kernel allows it, else
// epoll), a timing wheel and its tasks. Nothing in a loop is shared with another:
// what crosses goes through one queue.
//
// A task stays on its loop, and its children start there, so tasks of one loop
// never run at the same time and need no locks among themselves. [Spread] starts
// a child on the least loaded loop instead, and netio.Serve spreads connections.
// An object such as a connection has a home loop; using it from elsewhere works,
// through that queue, and costs a trip.
//
// # What must not happen on a loop
//
// A task that computes for long, or blocks (a channel, a mutex held elsewhere,
// an ordinary network call), holds its loop and everything on it. [Blocking]
// runs such calls on an ordinary goroutine. A watchdog names tasks that don't
// keep to it.
//
// A task that has called runtime.LockOSThread must not await before it has called
// UnlockOSThread: the Go runtime ends the process when a coroutine is resumed with
// another thread locked than it was made with. Blocking is the place for what needs
// a thread of its own.
//
// Fairness: a turn of the loop runs at most 256 tasks, in the order in which they
// were woken; each may complete a bounded number of operations before others get
// their turn, and the driver delivers a bounded number of events. What came from
// elsewhere and the timers that are due are taken in whole: each of them only makes
// a task ready. So if the tasks are bounded in number and time, the delay between a
// wake and the run of its task is, too.
//
// # Structure
//
// A task ends when its children have ended; cancelling it cancels them; an error
// or panic that nobody listens to goes to the parent, and from the main task to
// the caller of [Run]. [Detach] starts a task outside of that. [Runtime.Shutdown]
// cancels everything, waits, and names the tasks that do not end.
//
// # Looking inside
//
// [Runtime.Metrics] counts what the loops have done: tasks, polls, wakes, operations,
// busy and idle time, and the calls of Blocking. [Runtime.Dump] writes the tree of
// tasks, by the names that [async.Task.SetName] gave them and the lines at which they
// were spawned.
//
// In the story of async Rust this package is tokio's runtime: the event loop
// under the futures.
package rondo
