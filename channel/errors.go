package channel

import (
	"errors"
	"fmt"
)

var (
	// ErrClosed is the error of sending on a channel that was closed. (Receiving
	// from one ends with io.EOF.)
	ErrClosed = errors.New("rondo/channel: send on closed channel")
	// ErrFull is the error of TrySend and TryReserve when there is no room.
	ErrFull = errors.New("rondo/channel: channel is full")
	// ErrEmpty is the error of TryRecv when there is nothing, yet.
	ErrEmpty = errors.New("rondo/channel: channel is empty")
)

// A LagError tells the receiver of a Broadcast that it was too slow.
type LagError struct {
	Missed uint64 // how many values were overwritten before they were received
}

func (e *LagError) Error() string {
	return fmt.Sprintf("rondo/channel: receiver has missed %d values", e.Missed)
}
