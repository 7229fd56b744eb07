package driver

import (
	"time"

	"golang.org/x/sys/unix"
)

// To open a FIFO waits for its other end (fifo(7)), perhaps for ever. A thread that does
// so in open(2) can't be told to give up; and left to itself it would one day be the
// reader, or the writer, that somebody has waited for, and go away again. So the pool
// opens a FIFO without waiting, and looks from time to time whether the other end is
// there.

const (
	shortestLook = time.Millisecond
	longestLook  = 50 * time.Millisecond
)

// fifo is a FIFO that is open for reading, and whose writer is yet to come. The zero
// value is none.
type fifo struct {
	fd   int
	open bool
}

func (f *fifo) close() {
	if f.open {
		_ = closeFD(f.fd)
	}
	*f = fifo{}
}

// waits reports whether to open a waits if it is a FIFO.
func (a *OpenArgs) waits() bool {
	return a.Flags&(unix.O_NONBLOCK|unix.O_PATH) == 0 && a.Flags&unix.O_ACCMODE != unix.O_RDWR
}

// openFIFO opens one, and has w step aside if it has to wait. A reader that waits is
// one for others already, as in open(2).
func openFIFO(a *OpenArgs, path *byte, w *worker) (int, error) {
	f := &a.raw.fifo
	var giveUp <-chan struct{}
	for pause := shortestLook; ; pause = min(2*pause, longestLook) {
		met, err := f.look(a, path)
		if met {
			fd := f.fd
			*f = fifo{}
			return fd, unix.SetNonblock(fd, false)
		}
		if err != nil {
			f.close()
			return -1, err
		}
		if giveUp == nil {
			giveUp = w.aside()
		}
		select {
		case <-giveUp:
			f.close()
			return -1, ErrCanceled
		case <-time.After(pause):
		}
	}
}

// look opens f, if it is not open, and reports whether the other end is there.
func (f *fifo) look(a *OpenArgs, path *byte) (met bool, err error) {
	if !f.open {
		fd, err := openAt(path, a.Flags|unix.O_NONBLOCK, a.Perm)
		switch err {
		case nil:
			*f = fifo{fd, true}
		case unix.ENXIO: // there is no reader
			return false, nil
		default:
			return false, err
		}
	}
	if a.Flags&unix.O_ACCMODE != unix.O_RDONLY {
		return true, nil
	}
	return hasWriter(f.fd)
}

func isFIFO(st *unix.Stat_t) bool { return st.Mode&unix.S_IFMT == unix.S_IFIFO }

// hasWriter reports whether a FIFO has a writer, or has had one since it was opened.
func hasWriter(fd int) (bool, error) {
	// It has something to read, or its last writer has gone.
	if ready, errno := rawPoll(int32(fd), unix.POLLIN); ready != 0 || errno != 0 {
		return true, nil
	}
	// Of a writer that has written nothing only a read that would wait tells. This one
	// takes nothing.
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return false, err
	}
	n, err := unix.Tee(fd, p[1], 1, unix.SPLICE_F_NONBLOCK)
	_ = closeFD(p[0])
	_ = closeFD(p[1])
	return n != 0 || err != nil, nil
}
