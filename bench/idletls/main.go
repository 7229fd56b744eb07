// Command idletls measures what a TLS connection that waits costs a server: resident
// memory, with so many connections open that have said something once. It compares
// rondo, its handlers on coroutines and lowered by hand, with nbio, with goroutines on
// crypto/tls, and with net/http.
//
//	go run ./idletls -conns 4000 -size 128
//
// The servers are processes of their own. Each collects its garbage and gives it back
// to the system before its memory is read, so that the figure is what is kept.
package main

import (
	"bufio"
	"crypto/tls"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"rondo.dev/rondo/bench/internal/proc"
)

var (
	conns  = flag.Int("conns", 4000, "connections")
	size   = flag.Int("size", 128, "bytes of the one message on each")
	settle = flag.Duration("settle", 2*time.Second, "how long the server is left alone before its memory is read")
	serve  = flag.String("serve", "", "be this server (for the command's own use)")
)

func main() {
	flag.Parse()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	if *serve != "" {
		return servers[*serve]()
	}
	fmt.Printf("%d connections, one message of %d bytes each\n", *conns, *size)
	for _, name := range []string{"rondo", "lowered", "nbio", "goroutines", "net/http"} {
		per, err := measure(name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		fmt.Printf("%-12s %7.0f bytes a connection\n", name, per)
	}
	return nil
}

// measure runs one server, and returns its resident bytes a connection.
func measure(name string) (float64, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	cmd := exec.Command(self, "-serve", name)
	cmd.Stderr = os.Stderr
	ask, err := cmd.StdinPipe()
	if err != nil {
		return 0, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	defer cmd.Wait()
	defer ask.Close() // ends it
	answers := bufio.NewReader(out)
	addr, err := answers.ReadString('\n')
	if err != nil {
		return 0, err
	}
	addr = strings.TrimSpace(addr)
	memory := func() (int64, error) {
		time.Sleep(*settle)
		if _, err := io.WriteString(ask, "collect\n"); err != nil {
			return 0, err
		}
		if _, err := answers.ReadString('\n'); err != nil {
			return 0, err
		}
		s, err := proc.ReadStatus(cmd.Process.Pid)
		return s.RSS, err
	}
	// A few first, so that what any connection needs is not counted.
	few, err := open(addr, 64, name == "net/http")
	if err != nil {
		return 0, err
	}
	before, err := memory()
	if err != nil {
		return 0, err
	}
	many, err := open(addr, *conns, name == "net/http")
	if err != nil {
		return 0, err
	}
	after, err := memory()
	for _, c := range append(few, many...) {
		c.Close()
	}
	return float64(after-before) / float64(*conns), err
}

// open opens n connections, on each of which the server has answered.
func open(addr string, n int, isHTTP bool) ([]*tls.Conn, error) {
	list := make([]*tls.Conn, n)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failed error
	for w := range 8 {
		wg.Go(func() {
			for i := w; i < n; i += 8 {
				c, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true})
				if err == nil {
					list[i] = c
					err = say(c, isHTTP)
				}
				if err != nil {
					mu.Lock()
					failed = err
					mu.Unlock()
					return
				}
			}
		})
	}
	wg.Wait()
	return list, failed
}

// say sends one message, and waits for the answer.
func say(c *tls.Conn, isHTTP bool) error {
	if !isHTTP {
		b := make([]byte, *size)
		if _, err := c.Write(b); err != nil {
			return err
		}
		_, err := io.ReadFull(c, b)
		return err
	}
	req, err := http.NewRequest("POST", "https://server.test/", strings.NewReader(strings.Repeat("x", *size)))
	if err != nil {
		return err
	}
	if err := req.Write(c); err != nil {
		return err
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), req)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}
