// Package lowered is what an async function is made of when it has been lowered:
// rewritten by the compiler into a state machine that needs no stack. Only
// generated code imports it, and those who want to write such code by hand.
//
// # The frame
//
// Lowering makes a type of the function: an [async.Frame]. Its fields are the
// parameters, the results, the variables that live across an await, and where the
// function is. Step runs it to the next suspension, and reports whether it has
// returned; then its results are read from the fields. This function
//
//	func relay(t *async.Task, from, to *netio.Conn) (int, error) {
//		buf := make([]byte, 4096)
//		n, err := from.Read(buf).Await(t)
//		if err != nil {
//			return 0, err
//		}
//		return to.Write(buf[:n]).Await(t)
//	}
//
// becomes
//
//	type relayFrame struct {
//		from, to *netio.Conn
//		n        int   // results
//		err      error
//		at       uint8
//		buf      []byte
//		op       async.Flight[int]
//	}
//
//	func (f *relayFrame) Step(t *async.Task) (done bool) {
//		switch f.at {
//		case 0:
//			f.buf = make([]byte, 4096)
//			f.n, f.err, done = f.op.Begin(t, f.from.Read(f.buf))
//		case 1:
//			f.n, f.err, done = f.op.Resume(t)
//		case 2:
//			f.n, f.err, done = f.op.Resume(t)
//			return done
//		}
//		if !done {
//			f.at = 1
//			return false
//		}
//		if f.err != nil {
//			f.n = 0
//			return true
//		}
//		f.at = 2
//		f.n, f.err, done = f.op.Begin(t, f.to.Write(f.buf[:f.n]))
//		return done
//	}
//
//	func (f *relayFrame) Result() (int, error) { return f.n, f.err }
//
// An [async.Flight] is the await of an operation, an [async.Awaiting] that of any
// other future: the same code that Await runs on a coroutine. Both have room for at,
// which generated code uses. A deferred call is
// made by a deferred function of Step, unless Step returns because it suspends.
//
// # The prologue
//
// The function stays, with its signature, for callers that know nothing of frames.
// It only gets a prologue:
//
//	func relay(t *async.Task, from, to *netio.Conn) (n int, err error) {
//		if lowered.Asked(t) {
//			lowered.Answer(t, &relayFrame{from: from, to: to})
//			return
//		}
//		... // as it was
//	}
//
// So whoever calls a function without knowing which, by a function value, a
// closure, a method value or an interface, asks it: opens the question, calls it,
// and has its frame in place of its results. That is what [Callee] does, and what
// spawning does with the function it is given.
//
// Every async function of such a program that can be asked has a prologue. One that was
// not lowered has [Decline] for it, and is called again on a borrowed coroutine. A
// function without would pass the question on to the first function that it calls,
// whose answer would be taken for its own: so the question is a promise of the whole
// program, made by [async.Executor.SetLowered], or by the command rondo.
//
// # Loops
//
// A range over a function whose body awaits is a [Loop]: the iterator is on a coroutine,
// the body in the frame. One over an iterator that the compiler knows, as that of a
// channel, is an ordinary loop with an await in it.
//
// # Calls and tasks
//
// The frame of a callee that is known statically is a field of its caller's, which
// steps it. A child whose function is known is a [TaskOf], or a [async.Join] for
// [async.SpawnFrame]: with its frame in one allocation, or in none as a part of
// the parent's own frame.
package lowered
