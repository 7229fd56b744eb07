// Package async is the language of rondo: futures, and tasks that await them. It
// has no I/O and no goroutine, and needs no operating system. Package rondo runs
// tasks on event loops, package netio brings operations on sockets, and package
// asynctest runs tasks by hand.
//
// # Async functions
//
// A function whose first parameter is a [*Task] is async. It is plain Go code
// that can be suspended where it awaits something, and where it calls another
// async function; nowhere else:
//
//	func echo(t *async.Task, conn *netio.Conn) error {
//		buf := make([]byte, 4096)
//		for {
//			n, err := conn.Read(buf).Await(t)
//			if err != nil {
//				return err
//			}
//			if _, err := conn.Write(buf[:n]).Await(t); err != nil {
//				return err
//			}
//		}
//	}
//
// While it is suspended, other tasks of the same executor run. They take turns:
// two of them never run at the same time, so what only they share needs no lock.
//
// # Futures and operations
//
// A [Future] is polled, and is either ready or [Pending]; then it remembers whom
// to wake. [Await] is the loop around that. Few programs write futures: most have
// operations ([Op], [Act]), which are what conn.Read(buf) returns. An operation is
// a value, inert until it is awaited. Await and Wait run it to its end, in a task
// and in a plain goroutine; its Poll and Cancel make it a future, for combinators.
// Those who bring operations implement a [Source].
//
// # Structure
//
// A task spawns children with [Spawn] or [Task.Go], and does not end before them.
// Their errors and panics reach whoever awaits them, and the parent if nobody
// does; none is lost. See [Join] for the rules. A [Group] fails as a whole.
//
// # Cancellation
//
// Cancelling a task cancels its children, and makes every await return the cause.
// It is an error like any other, defers run, and a task that has to clean up
// awaits through [Task.WithoutCancel]. [Task.WithCancel] and [Task.WithTimeout]
// limit it to a part of the task's work.
//
// It loses nothing: a result that exists is delivered to whoever awaits, and goes
// back to where it came from if nobody does.
//
//	the task is cancelled       Await
//	before it                   returns the cause, and starts nothing
//	while it is suspended       asks the future to give up, and stays until it has;
//	                            if the result came all the same: returns that, and
//	                            the next Await the cause; else the cause
//
//	the future loses a Select   gives up likewise; a result goes back into its
//	                            object, and the future can be awaited again
//
// A *Task is a [context.Context] for calls that want one. That, and waking, is all
// that other goroutines may use it for.
//
// # Executors
//
// An [Executor] is the queue of tasks that were woken. Its owner, one goroutine,
// turns it: Advance tells it the time, Drain takes in what other goroutines
// posted, Run steps tasks. Package rondo has a driver for I/O beside each, and
// waits on that when there is nothing to run.
//
// What is stepped is a [Frame]. An async function runs in one of two ways, and
// can't tell which: on a [Coroutine], a stack that is switched to and away from;
// or lowered, as a state machine that the compiler has made of it, which needs no
// stack. Package lowered says how the two meet.
package async
