// Package find tells, of a package that has been type-checked, which functions are
// async and where they can be suspended. It is the compiler's first pass.
//
// A function is async if its first parameter is a *async.Task. That is asked of
// types alone, so it holds alike for declared functions, methods, literals,
// interface methods and function values:
//
//	func serve(t *async.Task, c *netio.Conn) error   // async
//	func(t *async.Task) error { ... }                // async, whatever is around it
//	func (p *pool) get(n int, t *async.Task) *item   // not async
//
// An async function can be suspended in three kinds of calls, see [Kind]: of one
// of the few functions of package async that suspend, of an async function that is
// known by name, and of one that is only known by type.
//
//	n, err := conn.Read(buf).Await(t)   // Primitive: async.Op.Await
//	err = serve(t, conn)                // Static
//	err = handler.Handle(t, conn)       // Dynamic
//
// Package async stays as it is. It cannot import async/lowered, which imports it,
// so its functions have no prologue and are no frames. Those of them that suspend
// are the primitives, and the compiler knows them by name. All others with a task
// for their first parameter, such as Spawn, NewGroup and Future.Poll, never
// suspend, and are calls like any other.
//
// A method whose name begins with Poll or poll, as that of a future, is not async: it
// gets a task to poll with, and does not suspend it. Nor is the Cancel of an
// async.Canceler.
//
// A call of one of those kinds in a function that is not async is a [Stray]. On a
// coroutine it works, if the task got there somehow: as a captured variable in an
// iterator, say. A state machine cannot be suspended there. An async
// function around a stray has to stay a coroutine.
package find
