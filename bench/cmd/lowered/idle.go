package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"rondo.dev/rondo/bench/internal/proc"
)

// idle returns the resident bytes of a server for each of some connections that have
// had one message answered, and wait.
func idle(ctx context.Context, w way, conns int) (per float64, err error) {
	cmd := w.command(ctx, "Echo")
	cmd.Env = append(os.Environ(), "GOGC=20") // garbage is nobody's connection
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return 0, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	defer func() {
		stdin.Close()
		if e := cmd.Wait(); err == nil {
			err = e
		}
	}()
	addr, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return 0, err
	}
	before, err := proc.ReadStatus(cmd.Process.Pid)
	if err != nil {
		return 0, err
	}
	buf := make([]byte, 5)
	for range conns {
		c, err := net.Dial("tcp", strings.TrimSpace(addr))
		if err != nil {
			return 0, err
		}
		defer c.Close()
		if _, err := c.Write([]byte("hello")); err != nil {
			return 0, err
		}
		if _, err := io.ReadFull(c, buf); err != nil {
			return 0, err
		}
	}
	time.Sleep(time.Second)
	after, err := proc.ReadStatus(cmd.Process.Pid)
	return float64(after.RSS-before.RSS) / float64(conns), err
}
