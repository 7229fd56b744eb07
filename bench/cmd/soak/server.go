package main

import (
	"bufio"
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"time"
)

// A server is an example that runs.
type server struct {
	cmd   *exec.Cmd
	addr  netip.AddrPort
	ended chan error
}

// start runs a program and waits until it says where it listens.
func start(ctx context.Context, program string, args ...string) (*server, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &server{cmd: cmd, ended: make(chan error, 1)}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if text, ok := strings.CutPrefix(lines.Text(), "listening on "); ok {
			if s.addr, err = netip.ParseAddrPort(text); err != nil {
				break
			}
			go func() {
				for lines.Scan() { // so that it is never held up by what it prints
				}
				s.ended <- cmd.Wait()
			}()
			return s, nil
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	return nil, fmt.Errorf("%s does not say where it listens: %w", program, err)
}

func (s *server) pid() int { return s.cmd.Process.Pid }

func (s *server) kill() { _ = s.cmd.Process.Kill() }

// interrupt sends SIGINT and says how the server ended.
func (s *server) interrupt(patience time.Duration) string {
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		return err.Error()
	}
	select {
	case err := <-s.ended:
		if err != nil {
			return err.Error()
		}
		return "clean"
	case <-time.After(patience):
		return "did not end"
	}
}
