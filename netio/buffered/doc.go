// Package buffered reads and writes streams in pieces of the caller's choice: it is
// what package bufio is to package io.
//
//	r := buffered.NewReader(conn)
//	w := buffered.NewWriter(conn)
//	for {
//		line, err := r.ReadLine(t)
//		if err != nil {
//			return err
//		}
//		if _, err := w.Write(answer(line)).Await(t); err != nil {
//			return err
//		}
//		if r.Buffered() == 0 { // nobody has sent more: they wait for us
//			if err := w.Flush(t); err != nil {
//				return err
//			}
//		}
//	}
//
// Two things are unlike package bufio. Nothing is lost by cancelling: a ReadLine that
// is cut short keeps what it has read, a Flush keeps what it has not written, and
// either can be called again. And a buffer is there only while something is in it:
// the loop lends it. A task that waits for a line on an idle connection holds none.
//
// [Reader.Read] and [Writer.Write] are operations, so that a Reader is a
// netio.Reader and a Writer a netio.Writer. The other methods are async functions.
// Package frame reads and writes messages.
package buffered
