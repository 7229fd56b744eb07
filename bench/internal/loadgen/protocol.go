package loadgen

import (
	"fmt"
	"io"
	"net/netip"
)

// A Protocol is what is said on the connections.
type Protocol string

// The protocols. HTTPS and WebSocket are for connections that wait.
const (
	Echo      Protocol = "echo"  // messages that come back as they were
	HTTP      Protocol = "http"  // GET requests, kept alive
	HTTPS     Protocol = "https" // the same over TLS
	WebSocket Protocol = "ws"    // messages that come back, after an upgrade
	HTTP2     Protocol = "h2"    // GET requests over TLS; when they don't wait, by h2load
)

// A page is a request and what is to come back.
type page struct {
	request []byte
	body    string
}

func newPage(addr netip.AddrPort, path, body string) page {
	return page{[]byte("GET " + path + " HTTP/1.1\r\nHost: " + addr.String() + "\r\n\r\n"), body}
}

// get asks for a page on a blocking connection.
func (p page) get(rw io.ReadWriter) error {
	if _, err := rw.Write(p.request); err != nil {
		return err
	}
	var r reply
	buf := make([]byte, 4096)
	for r.state != whole {
		n, err := rw.Read(buf)
		if err == io.EOF {
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		rest, err := r.take(buf[:n], p.body)
		if err != nil {
			return err
		}
		if len(rest) > 0 {
			return errExcess
		}
	}
	return nil
}

// first has the first request or message of a connection answered, so that the
// connection is one that the server knows.
func (c *conn) first(cfg Config, t talk, buf []byte) error {
	switch cfg.Protocol {
	case HTTP:
		c.number = 1
		return t.pages[0].get(blocking{c.fd})
	case HTTPS:
		return secure(c.fd, t.pages[0])
	case HTTP2:
		return multiplexed(c.fd, cfg)
	case WebSocket:
		return upgrade(blocking{c.fd}, cfg)
	}
	return c.firstEcho(t.messages, buf)
}

// A talk is what all connections say.
type talk struct {
	messages messages // of Echo
	pages    []page   // of HTTP: what most ask for, and what those beside do
}

func newTalk(cfg Config) (talk, error) {
	switch cfg.Protocol {
	case Echo, WebSocket:
		return talk{messages: newMessages(cfg.Size)}, nil
	case HTTP, HTTPS, HTTP2:
		return talk{pages: []page{
			newPage(cfg.Addr, cfg.Path, cfg.Body),
			newPage(cfg.Addr, cfg.BesidePath, cfg.Body),
		}}, nil
	}
	return talk{}, fmt.Errorf("nobody speaks %q", cfg.Protocol)
}

// next returns what a connection sends next.
func (t *talk) next(c *conn) []byte {
	if c.reply != nil {
		return t.pages[c.page].request
	}
	return t.messages.message(c.id, c.number)
}
