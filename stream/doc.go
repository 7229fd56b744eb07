// Package stream is about many results, one after the other: a [Stream] is a future
// that is polled again after each item, until its error is io.EOF. Combinators make
// streams of streams; an async loop over one is an ordinary loop:
//
//	lines := stream.FromOp(queue.Recv)
//	long := stream.Filter(lines, func(s string) bool { return len(s) > 80 })
//	pages := stream.Buffered(stream.Go(long, fetch), 8)
//	defer stream.Close(t, pages)
//	for page, err := range stream.All(t, pages) {
//		if err != nil {
//			return err
//		}
//		...
//	}
//
// It is what futures-rs and tokio-stream are, said in Go; docs/streams.md has a table.
//
// # What there is
//
// Where streams begin: [Of], [FromSeq], [FromOp] (listeners, channels), [FromFunc],
// [Unfold], [Generate], [Once], [Repeat], [Empty], [FromPoll]; and a timer.Ticker, a
// future.FromChan, a future.Set are streams as they are. Item by item: [Map], [TryMap],
// [Filter], [FilterMap], [Inspect], [Enumerate], [Scan], [Then]. Parts: [Take], [Skip]
// and their kin, [TakeUntil], [Peek], [Fuse]. Groups: [Chunks], [ReadyChunks],
// [Window], [GroupBy], [Split]. Several: [Chain], [Flatten], [FlatMap], [Zip],
// [Merge], [Set]. At once: [Buffered], [Unordered], [FlattenUnordered], [Go]. Time:
// [Timeout], [Throttle], [Debounce], [ChunksTimeout]. One for many: [Broadcast]. Where
// they end: [All], [Collect], [Fold], [ForEach], [ForEachConcurrent]; and [SendAll] and
// [Forward] into a [Sink], which has backpressure.
//
// # Errors
//
// An error other than io.EOF is news and not the end: it takes the place of an item,
// combinators pass it on, and the next poll goes on. Those who take a whole stream
// stop at it, and can be called again. [OrElse] and [MapErr] deal with errors on the
// way.
//
// # Cancellation loses nothing
//
// A stream that is given up, by cancellation or as the loser of a Select, can be polled
// again, and no item is missing or there twice. What an operation had goes back to its
// object; what a combinator had taken and not passed on it keeps: a chunk that was
// begun, the half of a pair. Where an item is dropped on purpose, as by Debounce, the
// doc says so.
//
// Some streams work while nobody polls: those that have several things in flight. They
// go on when they lose a Select, as a future.Set does, and [Close] ends that. Whoever
// leaves one before its end closes it.
//
// # Costs and fairness
//
// Building costs one allocation a combinator, unless its doc says otherwise; an item
// costs none. Streams that are always ready, and filters that find nothing, leave
// others their turns. Streams of a combinator take turns in one task; async functions
// (of [Go], [Generate], [ForEachConcurrent]) run as child tasks, so that none starves
// while another is held up. No goroutine is started here, but for the coroutine of a
// [FromSeq].
//
// A stream belongs to one task at a time, and one with a clock to the loop that polled
// it first.
package stream
