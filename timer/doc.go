// Package timer is time for tasks: sleeping, time limits, and ticking. It is the
// part of the story where waiting for the clock becomes an operation like any
// other, so that it can be awaited, cancelled, and raced against others.
//
// Sleep suspends the task, not the thread. Nothing here is ever early; how late
// it can be is a matter of the loop: 65 microseconds of resolution, and what else
// the loop has to do.
//
//	if err := timer.Sleep(time.Second).Await(t); err != nil {
//		return err // t was cancelled: err is why
//	}
//
// There are two ways to limit the time of something. Timeout is for one future: it
// is cancelled when the time is over, and what it has done by then is not lost. A
// scope, Task.WithTimeout, is for everything that is awaited through it, children
// included:
//
//	read := conn.Read(buf)
//	n, err := async.Await(t, timer.Timeout(time.Second, &read))
//
//	limited, stop := t.WithTimeout(time.Minute)
//	defer stop()
//	err = talk(limited, conn)
//
// Both end with os.ErrDeadlineExceeded, which is a net.Error with Timeout. A
// deadline that belongs to a connection is set there, by netio's SetDeadline.
//
// To do something again and again there is a Ticker. It has to be told what is to
// become of the ticks that nobody was there for: they are skipped, delivered in a
// burst, or delay all others. A Sleeper is a Sleep that is set anew without being
// made anew: for the idle limit of a connection, which moves with each message.
//
// A timer costs no allocation, and 20 ns to start and stop: each loop has a wheel
// of them, on which neither depends on how many there are. On the driver in memory
// and in package asynctest the clock is virtual: an hour passes at once.
package timer
