//go:build unix

package websocket

import (
	"io"
	"os"
	"syscall"
)

const canRaw = true

// rawRead waits until there is something to read, and reads it into a shared buffer.
func rawRead(c syscall.RawConn) (got []byte, err error) {
	var readErr error
	err = c.Read(func(fd uintptr) (done bool) {
		buf := shared.Get().(*[bufferSize]byte)
		for {
			n, err := syscall.Read(int(fd), buf[:])
			switch {
			case err == syscall.EINTR:
				continue
			case n > 0:
				got = buf[:n]
				return true
			}
			shared.Put(buf)
			switch {
			case err == syscall.EAGAIN:
				return false
			case err == nil:
				readErr = io.EOF
			default:
				readErr = os.NewSyscallError("read", err)
			}
			return true
		}
	})
	if err == nil {
		err = readErr
	}
	return got, err
}

// rawWrite writes what can be written without waiting. Errors are seen by the write that
// does the rest.
func rawWrite(c syscall.RawConn, p []byte) (written int) {
	c.Write(func(fd uintptr) (done bool) {
		n, err := syscall.Write(int(fd), p)
		if err == nil {
			written = n
		}
		return true
	})
	return written
}
