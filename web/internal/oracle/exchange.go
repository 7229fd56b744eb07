package oracle

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"

	"rondo.dev/rondo/web/internal/servers"
)

// patience ends a conversation in which nothing comes any more. It is no part of any case.
var patience = flag.Duration("oracle.patience", time.Minute, "how long nothing may come in a conversation before it counts as hanging")

// A Mode is how the client hands its bytes to the kernel.
type Mode int

const (
	Whole Mode = iota // each step in one write
	Bytes             // each byte in a write of its own
)

// Run has the conversation with a server of that kind. files is a directory that
// WriteFiles has filled.
func (c *Case) Run(make servers.Maker, mode Mode, files string) (*Transcript, error) {
	r := newRecord(files)
	h := c.answerer(r)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	srv := make(servers.Config{Handler: h, MaxHeaderBytes: c.maxHeaderBytes})
	served := goes(func() error { return srv.Serve(ln) })
	conn, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		return nil, errors.Join(err, srv.Close())
	}
	hung := time.AfterFunc(*patience, func() {
		r.giveUp()
		conn.SetDeadline(time.Unix(1, 0))
	})
	read := goes(func() error { return receive(conn, r, func() { hung.Reset(*patience) }) })
	wrote := goes(func() error { return c.play(conn.(*net.TCPConn), r, mode) })
	err = errors.Join(<-read, <-wrote)
	conn.Close()
	// What handlers note after the end counts, too.
	if !r.wait(func() bool { return r.running == 0 }) {
		r.note("a handler does not return")
	}
	hung.Stop()
	err = errors.Join(err, srv.Close())
	if e := <-served; !errors.Is(e, http.ErrServerClosed) {
		err = errors.Join(err, fmt.Errorf("the server returned %v", e))
	}
	t := r.transcript()
	if t.End == "hung" {
		err = errors.Join(err, errors.New("the conversation does not end"))
	}
	t.reset = t.End == "reset" || t.End == "lost"
	if mode == Bytes {
		t = t.untimed()
	}
	return t, err
}

// goes runs f beside its caller, who gets the error when it has returned.
func goes(f func() error) <-chan error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	return done
}

// receive reads to the end of the connection. It tells of all that comes.
func receive(conn net.Conn, r *record, came func()) error {
	buf := make([]byte, 64<<10)
	for {
		n, err := conn.Read(buf)
		if n > 0 {
			came()
		}
		r.update(func() {
			r.got.Write(buf[:n])
			r.end = ending(err)
		})
		if err != nil {
			return nil
		}
	}
}

func ending(err error) string {
	switch {
	case err == nil:
		return ""
	case err == io.EOF:
		return "eof"
	case errors.Is(err, syscall.ECONNRESET):
		return "reset"
	case errors.Is(err, net.ErrClosed):
		return "left" // by the client
	case errors.Is(err, syscall.ETIMEDOUT):
		return "lost"
	}
	if e, ok := err.(net.Error); ok && e.Timeout() {
		return "hung"
	}
	return err.Error()
}

// play does what the client's part of the script says. A write fails when the server
// has closed the connection, and that is seen by the reader.
func (c *Case) play(conn *net.TCPConn, r *record, mode Mode) error {
	for _, s := range c.steps {
		switch s.verb {
		case "send":
			if mode == Whole {
				conn.Write([]byte(s.data))
				break
			}
			for i := range len(s.data) {
				if _, err := conn.Write([]byte(s.data[i : i+1])); err != nil {
					break
				}
			}
		case "await":
			if !r.wait(func() bool { return bytes.Contains(r.got.Bytes(), []byte(s.data)) || r.end != "" }) {
				return fmt.Errorf("%q does not come", s.data)
			}
		case "await-note":
			if !r.wait(func() bool { return r.noted(s.data) }) {
				return fmt.Errorf("no handler notes %q", s.data)
			}
		case "close-write":
			conn.CloseWrite()
		case "close":
			conn.Close()
		case "reset":
			conn.SetLinger(0)
			conn.Close()
		}
	}
	return nil
}
