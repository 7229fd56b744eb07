package signals

import "os"

// Arrive is what the goroutine of a listener has run on the loop.
func (l *Listener) Arrive(s os.Signal) { l.arrive(s) }
