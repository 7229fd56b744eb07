package web

import (
	"net"
	"os"
	"syscall"
	"time"
)

// shared returns a listener for the loops to take over that leaves l to its owner, and a
// channel that is closed when the owner has closed l. Where there can't be one it returns l
// itself, and nil.
func shared(l net.Listener) (taken net.Listener, closed <-chan struct{}) {
	x, ok := l.(interface {
		File() (*os.File, error)
		SyscallConn() (syscall.RawConn, error)
	})
	if !ok {
		return l, nil
	}
	raw, err := x.SyscallConn()
	if err != nil {
		return l, nil
	}
	f, err := x.File()
	if err != nil {
		return l, nil
	}
	defer f.Close()
	if taken, err = net.FileListener(f); err != nil {
		return l, nil
	}
	c := make(chan struct{})
	go watchListener(raw, c)
	return taken, c
}

// lookEvery is how often a listener is looked at. Package net tells nobody of its end but
// those who accept.
const lookEvery = 200 * time.Millisecond

// watchListener looks until the listener is closed, as it is at the end of Serve.
func watchListener(raw syscall.RawConn, closed chan<- struct{}) {
	for raw.Control(func(uintptr) {}) == nil {
		time.Sleep(lookEvery)
	}
	close(closed)
}
