// Package stdio is the standard input and output for tasks: they wait for a line
// from the terminal, or for room in a pipe, without holding their loop, and can be
// cancelled while they do.
//
//	in, err := stdio.Stdin(t)
//	if err != nil {
//		return err
//	}
//	defer in.Close().Await(t)
//	for {
//		line, err := in.Recv().Await(t) // of a terminal, a line at a time
//		if err == io.EOF {
//			return nil
//		}
//		if err != nil {
//			return err
//		}
//		...
//	}
//
// What is behind them may be a terminal, a pipe, a socket, a file, or the null
// device: it is read and written in the same way, that of package netio's pipes. A
// read that is cancelled has taken nothing; there is no thread left in it that would
// take the next line. And nothing reads ahead: what was not asked for is there for
// others, such as a program that is started next.
//
// # Nothing is buffered
//
// A write that has returned is with the system, so that nothing is lost when the
// program exits, and what a task writes is in order with what it writes in other
// ways, through package fmt for example. Those who write many small pieces collect
// them first.
//
// # The terminal is left as it was
//
// Whether a terminal blocks is a property that all who have it share, the shell for
// one. Programs that set it to O_NONBLOCK break others, and leave it broken when
// they crash. Here it is not touched: a terminal, and a pipe that is written, are
// opened a second time (through /proc on Linux), and what can't be, is asked each
// time whether it is ready.
//
// # A closed pipe
//
// When the reader of the output has gone, as in "program | head -1", writes fail
// with syscall.EPIPE. Unlike os.Stdout, these writers don't have the program killed
// by SIGPIPE: a program that wants to end then returns the error.
package stdio
