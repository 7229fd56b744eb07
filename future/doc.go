// Package future combines futures. It has what the operations of rondo need to
// be tested with so far: waiting for the first of two. A time limit for one is in
// package timer.
//
// The rule about losers: when one future has won, the other is asked to give up,
// and Select waits until it has. A result that it had all the same goes back to
// where it came from: bytes to their connection, an accepted connection to its
// listener, a connection just made is closed. So nothing is lost by losing, and
// the loser can be awaited again afterwards:
//
//	read, tick := conn.Read(buf), timer.Sleep(time.Second)
//	first, err := async.Await(t, future.Select(&read, &tick))
//	if first.Won == 1 {
//		// the second is over; what arrives is for the next Read
//	}
package future
