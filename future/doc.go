// Package future combines futures: one after the other, several at once, the first
// of several. A combinator is a function that takes futures and returns one, which
// does nothing before it is polled:
//
//	read := conn.Read(buf)
//	length := future.Map(timer.Timeout(time.Second, &read), func(n int) string {
//		return string(buf[:n])
//	})
//	s, err := async.Await(t, length)
//
// In a task, plain code is simpler for what happens one after the other. These are
// for what happens at the same time, and for what is handed on as a value. Whatever
// is built here is awaited with [async.Await] in a task and with [async.Block] in a
// plain goroutine, and has a time limit from timer.Timeout and timer.Deadline.
//
// # What there is
//
// One future: [Map], [TryMap], [MapErr], [Inspect], [Settle], [Then], [OrElse],
// [Flatten], [Fuse], [CatchPanic], [Abortable], [Within]. Where they begin: [Ready],
// [Fail], [Never], [Lazy], [FromPoll], and [Go], which makes an async function a
// future. Several: [Join], [TryJoin], [Select] and [Race], each for two to five of
// any types; [JoinAll], [TryJoinAll], [SelectAll] and [FirstSuccess] for slices;
// [Set] and [Ordered] for those that come and go. One result for many: [Share] and
// [Memo]. Again and again: [Retry]. From and to the world of goroutines: [FromChan],
// [ToChan], [OffLoop], [Done].
//
// # Losers
//
// When one future has won, the others are asked to give up, and the combinator waits
// until they have. A result that one had all the same goes back to where it came
// from: bytes to their connection, an accepted connection to its listener, a
// connection just made is closed. So nothing is lost by losing, and a loser can be
// awaited again:
//
//	read, tick := conn.Read(buf), timer.Sleep(time.Second)
//	first, err := async.Await(t, future.Select(&read, &tick))
//	if first.Won == 1 {
//		// the first is over; what arrives is for the next Read
//	}
//
// What one of several in a Join has yielded can't be put back by the Join. It keeps
// that for its next poll when it loses, and returns it beside the error when it
// fails or is cancelled. Race, Set and Ordered leave their losers in flight.
//
// # Costs and fairness
//
// Building costs one allocation a combinator, unless its doc says otherwise; polling
// costs none. Futures of a combinator take turns in one task, and a poll does not
// compute for long. What does is passed as Go(f): a child task of its own, that runs
// whether or not anybody polls. Nothing here starts a goroutine that the caller has
// not handed in.
package future
