//go:build !unix

package websocket

import "syscall"

// Elsewhere the methods of a net.Conn do.

const canRaw = false

func rawRead(syscall.RawConn) ([]byte, error)        { return nil, syscall.EINVAL }
func rawWrite(syscall.RawConn, []byte) (written int) { return 0 }
