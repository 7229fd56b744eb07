package drivertest

import (
	"testing"

	"rondo.dev/rondo/driver"
)

// A World is what the suite needs around a driver and cannot do through it. The
// suite closes the descriptors that it returns. A function that stands for a
// feature which Suite.Lacks names is never called.
type World interface {
	// Pipe makes a pipe: a pair of descriptors that d did not make (Foreign).
	Pipe(d driver.Driver) (r, w int, err error)
	// Messages makes two connected sockets that keep the boundaries of messages
	// and have an end of stream (Messages).
	Messages(d driver.Driver) (a, b int, err error)
	// Dir returns an empty directory (Files, Paths).
	Dir(t *testing.T) string
	// Exhaust uses up the descriptors until restore is called (Limit).
	Exhaust(t *testing.T, d driver.Driver) (restore func())
	// Interrupt sends signals to every thread until stop is called (Signals).
	Interrupt(t *testing.T) (stop func())
	// Rights encodes descriptors as control data, and ParseRights decodes them
	// (Rights).
	Rights(fds ...int) []byte
	ParseRights(control []byte) ([]int, error)
	// Inspect fails the test unless fd is open, non-blocking and close-on-exec.
	Inspect(t *testing.T, fd int)
	// Abandon closes a descriptor after its driver was closed.
	Abandon(fd int)
}
