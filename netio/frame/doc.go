// Package frame cuts a stream into messages, and makes a stream of messages.
//
// A [Decoder] says where a frame ends, an [Encoder] how one is written; [Lines],
// [Delimited], [Lengths] and [Chunks] are both. A [Reader] and a [Writer] do the rest:
//
//	r := frame.NewReader(conn, frame.NewLines(4096))
//	w := frame.NewWriter(conn, frame.NewLines(4096))
//	for {
//		line, err := r.Next(t)
//		if err == io.EOF {
//			return nil
//		}
//		if err != nil {
//			return err
//		}
//		if err := w.Send(t, line); err != nil {
//			return err
//		}
//	}
//
// A codec of one's own is two small functions without I/O, for frames of any type:
// package frame calls them with bytes, never with a stream. They are tested with
// slices. [Typed] makes one of two conversions and a codec of bytes.
//
// # Limits, and backpressure
//
// No frame is longer than its codec's Max says, and no Reader holds more than that:
// who sends something longer gets an error and not memory. A Writer collects frames
// up to a boundary; beyond it Feed waits until the destination has taken them.
//
// # Cancelling
//
// It loses nothing. A Next that was cancelled is called again and returns the frame
// that would have come. Feed and Send say which of their errors mean that the frame
// was not taken.
package frame
