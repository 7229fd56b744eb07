package loadgen

import (
	"io"

	"golang.org/x/sys/unix"
)

// blocking is a descriptor that blocks, as far as dialing needs it. It counts on the
// timeouts that dial has set.
type blocking struct{ fd int }

func (b blocking) Read(p []byte) (n int, err error) {
	err = retry(func() (err error) {
		n, err = unix.Read(b.fd, p)
		return err
	})
	if err == nil && n == 0 && len(p) > 0 {
		err = io.EOF
	}
	return max(n, 0), err
}

func (b blocking) Write(p []byte) (int, error) {
	written := 0
	for written < len(p) {
		err := retry(func() error {
			n, err := unix.Write(b.fd, p[written:])
			written += max(n, 0)
			return err
		})
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

// retry repeats a call that a signal interrupts.
func retry(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}
