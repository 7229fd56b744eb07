// Command http-nginx starts the machine's nginx with the command line that all servers
// have, and ends it when it is told to end.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"rondo.dev/rondo/bench/internal/serve"
)

func main() {
	version := flag.Bool("version", false, "print the version of nginx instead")
	f := serve.Parse()
	nginx, err := find()
	if err != nil {
		serve.Exit(err)
	}
	if *version {
		out, err := exec.Command(nginx, "-v").CombinedOutput()
		if err != nil {
			serve.Exit(err)
		}
		fmt.Print(strings.TrimPrefix(string(out), "nginx version: "))
		return
	}
	if err := run(nginx, f); err != nil {
		serve.Exit(err)
	}
}

// find finds nginx also where the PATH of a user does not lead.
func find() (string, error) {
	if path, err := exec.LookPath("nginx"); err == nil {
		return path, nil
	}
	return exec.LookPath("/usr/sbin/nginx")
}

func run(nginx string, f serve.Flags) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	dir, err := os.MkdirTemp("", "http-nginx-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	// nginx has no way to tell a port that the kernel chose. It does take over
	// sockets that listen already, which is how it replaces its own program.
	ln, err := net.Listen("tcp", f.Addr)
	if err != nil {
		return err
	}
	defer ln.Close()
	socket, err := ln.(*net.TCPListener).File()
	if err != nil {
		return err
	}
	defer socket.Close()
	text, err := config(dir, ln.Addr(), f)
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return err
	}

	cmd := exec.CommandContext(ctx, nginx, "-p", dir, "-c", file, "-e", "stderr")
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.Stderr = os.Stderr
	cmd.ExtraFiles = []*os.File{socket}
	cmd.Env = append(os.Environ(), "NGINX=3;")
	if err := cmd.Start(); err != nil {
		return err
	}
	serve.Listening(ln.Addr())
	if err := cmd.Wait(); ctx.Err() == nil {
		return fmt.Errorf("nginx ended by itself: %v", err)
	}
	return nil
}
