// Package signals brings the signals of the operating system to tasks: as a stream
// that a task reads, and as the cancellation of a task. It is package os/signal for
// the loop, and what that says about the signals of each system holds here.
//
// Most programs want one thing, to stop in order when they are told to:
//
//	rondo.Run(func(t *async.Task) error {
//		t, stop := signals.WithCancel(t, os.Interrupt, syscall.SIGTERM)
//		defer stop()
//		return serve(t)
//	})
//
// Awaits through that view of the task return an error that names the signal, and
// so do those of children that were started through it:
//
//	var sig *signals.Error
//	if errors.As(err, &sig) {
//		log.Print("stopped: ", sig) // stopped: interrupt
//	}
//
// The signal counts once. A second one has its usual effect again, so that a
// program which hangs while it stops can be killed from the terminal.
//
// Programs that do other things with signals have a [Listener]:
//
//	hup := signals.Listen(t, syscall.SIGHUP)
//	defer hup.Close()
//	for {
//		if _, err := hup.Next().Await(t); err != nil {
//			return err
//		}
//		reload()
//	}
//
// # Coalescing
//
// A signal that arrives again before anybody has taken it counts once, as it does
// in the kernel. Different signals are kept apart, in the order in which they first
// arrived. A signal that was taken by the loser of a Select goes back.
//
// # Goroutines
//
// The signals of a process reach Go through a channel, which somebody has to wait
// for: a Listener, and a WithCancel, have a goroutine each for that. It ends when
// they are closed, and at the latest when their task ends.
package signals
