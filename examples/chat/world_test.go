package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// The tests run the chat, and a NATS server, as processes of their own: this program,
// which the environment tells what to be.
const role = "CHAT_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "chat":
		main()
	case "nats":
		beNATS()
	default:
		os.Exit(m.Run())
	}
}

// beNATS is a NATS server until standard input ends.
func beNATS() {
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, JetStream: true, StoreDir: os.Args[1],
	})
	if err != nil {
		panic(err)
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		panic("not ready")
	}
	fmt.Println("NATS at", s.ClientURL())
	io.Copy(io.Discard, os.Stdin)
	s.Shutdown()
}

// A process is one that was started, and that has said where it is.
type process struct {
	*exec.Cmd
	where string
	ended chan struct{}
	err   error // why, then
}

// start starts a process that says "... at WHERE", and sees to its end.
func start(t *testing.T, as string, args ...string) *process {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{Cmd: exec.Command(program, args...), ended: make(chan struct{})}
	p.Env = append(os.Environ(), role+"="+as)
	p.Stderr = os.Stderr
	p.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // with its successors
	stdin, err := p.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.Stdout = w
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	go func() {
		p.err = p.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		stdin.Close()
		syscall.Kill(-p.Process.Pid, syscall.SIGKILL)
		<-p.ended
		out.Close()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("%s does not start: %v", as, err)
	}
	_, p.where, _ = strings.Cut(strings.TrimSpace(line), " at ")
	return p
}

func startNATS(t *testing.T) (url string) { return start(t, "nats", t.TempDir()).where }

// startChat returns a chat process; its where is "HOST:PORT".
func startChat(t *testing.T, args ...string) *process {
	t.Helper()
	p := start(t, "chat", append([]string{"-addr", "127.0.0.1:0", "-drain", "300ms"}, args...)...)
	p.where = strings.TrimSuffix(strings.TrimPrefix(p.where, "http://"), "/")
	return p
}

func (p *process) kill() {
	p.Process.Kill()
	<-p.ended
}

// stop tells it to end, and expects it to do so in order.
func (p *process) stop(t *testing.T, s syscall.Signal) {
	t.Helper()
	p.Process.Signal(s)
	select {
	case <-p.ended:
		if p.err != nil {
			t.Errorf("ended with %v", p.err)
		}
	case <-time.After(time.Minute):
		t.Fatal("does not end")
	}
}

// A front passes connections on to the first of several servers that is there: what
// nginx does before a chat of several processes.
type front struct {
	net.Listener
	servers []string
}

func newFront(t *testing.T, servers ...string) *front {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	f := &front{Listener: l, servers: servers}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go f.pass(c)
		}
	}()
	return f
}

func (f *front) pass(c net.Conn) {
	defer c.Close()
	for _, addr := range f.servers {
		s, err := net.Dial("tcp", addr)
		if err != nil {
			continue
		}
		defer s.Close()
		go func() {
			io.Copy(s, c)
			s.Close()
		}()
		io.Copy(c, s)
		return
	}
}
