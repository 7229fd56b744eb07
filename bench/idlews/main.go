// Command idlews measures what a WebSocket connection costs a server: resident memory
// while it waits, with so many connections open that have said something once, and
// processor time for the echo of a message. It compares rondo on event loops, rondo under
// net/http, and gorilla/websocket.
//
//	go run ./idlews -conns 8000 -size 128
//
// The servers are processes of their own. Each collects its garbage and gives it back
// to the system before its memory is read, so that the figure is what is kept. Built
// with the command rondo, the handler on loops is lowered.
package main

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"rondo.dev/rondo/bench/internal/proc"
)

var (
	conns  = flag.Int("conns", 8000, "connections that wait")
	size   = flag.Int("size", 128, "bytes of a message, from 126 to 65535")
	busy   = flag.Int("busy", 64, "connections that talk, one message after the other")
	count  = flag.Int("messages", 200_000, "messages that they send")
	rounds = flag.Int("rounds", 3, "how often that is measured, in turns")
	settle = flag.Duration("settle", 2*time.Second, "how long the server is left alone before its memory is read")
	serve  = flag.String("serve", "", "be this server (for the command's own use)")
)

var order = []string{"rondo", "lowered", "rondo, net/http", "gorilla"}

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
	for _, name := range order {
		per, err := measure(name, idle)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		fmt.Printf("%-16s %7.0f bytes a connection\n", name, per)
	}
	fmt.Printf("%d connections, %d messages\n", *busy, *count)
	for range *rounds {
		for _, name := range order {
			per, err := measure(name, talk)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			fmt.Printf("%-16s %7.2f us of processor time a message\n", name, per)
		}
	}
	return nil
}

// A server is one that is being measured.
type server struct {
	addr    string
	pid     int
	ask     io.Writer
	answers *bufio.Reader
}

// measure runs one server.
func measure(name string, f func(s *server) (float64, error)) (float64, error) {
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
	return f(&server{strings.TrimSpace(addr), cmd.Process.Pid, ask, answers})
}

func (s *server) memory() (int64, error) {
	time.Sleep(*settle)
	if _, err := io.WriteString(s.ask, "collect\n"); err != nil {
		return 0, err
	}
	if _, err := s.answers.ReadString('\n'); err != nil {
		return 0, err
	}
	status, err := proc.ReadStatus(s.pid)
	return status.RSS, err
}

// idle returns resident bytes a connection.
func idle(s *server) (float64, error) {
	// A few first, so that what any connection needs is not counted.
	few, err := open(s.addr, 64)
	if err != nil {
		return 0, err
	}
	before, err := s.memory()
	if err != nil {
		return 0, err
	}
	many, err := open(s.addr, *conns)
	if err != nil {
		return 0, err
	}
	after, err := s.memory()
	for _, c := range append(few, many...) {
		c.Close()
	}
	return float64(after-before) / float64(*conns), err
}

// talk returns microseconds of the server's a message.
func talk(s *server) (float64, error) {
	list, err := open(s.addr, *busy)
	if err != nil {
		return 0, err
	}
	before, err := proc.CPUTime(s.pid)
	if err != nil {
		return 0, err
	}
	each := *count / *busy
	err = inParallel(*busy, *busy, func(i int) error {
		defer list[i].Close()
		for range each {
			if err := say(list[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	after, err := proc.CPUTime(s.pid)
	return (after - before).Seconds() * 1e6 / float64(each**busy), err
}

// open opens n connections, on each of which the server has answered.
func open(addr string, n int) ([]net.Conn, error) {
	list := make([]net.Conn, n)
	return list, inParallel(8, n, func(i int) error {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			return err
		}
		list[i] = c
		if err := shake(c); err != nil {
			return err
		}
		return say(c)
	})
}

func inParallel(workers, n int, f func(i int) error) error {
	var wg sync.WaitGroup
	failed := make(chan error, workers)
	for w := range workers {
		wg.Go(func() {
			for i := w; i < n; i += workers {
				if err := f(i); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(failed)
	return <-failed
}

func shake(c net.Conn) error {
	_, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: server.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"User-Agent: a browser with a name that is as long as those of browsers are, in truth longer\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	if err != nil {
		return err
	}
	// Nothing comes behind the response before something was said.
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err == nil && res.StatusCode != http.StatusSwitchingProtocols {
		err = fmt.Errorf("answered %s", res.Status)
	}
	return err
}

// say sends one message, masked with zeros, and waits for the answer.
func say(c net.Conn) error {
	head := []byte{0x82, 0x80 | 126, byte(*size >> 8), byte(*size), 0, 0, 0, 0}
	if _, err := c.Write(append(head, bytes.Repeat([]byte("x"), *size)...)); err != nil {
		return err
	}
	_, err := io.ReadFull(c, make([]byte, 4+*size))
	return err
}
