package websocket

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/netio/tlsio"
	"rondo.dev/rondo/web/websocket/internal/wire"
)

// A Dialer has the options of dialling. The zero value is what Dial uses.
type Dialer struct {
	Options

	// Header is sent along: cookies, authorization, an Origin. The fields of the
	// handshake itself are not to be in it; Host is.
	Header http.Header

	// TLS is for addresses that begin with wss; it may be nil.
	TLS *tls.Config

	// Net dials the connection below.
	Net netio.Dialer
}

// Dial connects to a server: address begins with ws:// or wss://. opts may be nil. The
// connection is at home on t's loop. A server that does not want to gives a
// *HandshakeError. To limit the time there is a task's WithTimeout; a goroutine dials by
// rondo.Wait.
func Dial(t *async.Task, address string, opts *Options) (*Conn, error) {
	return (&Dialer{Options: *opts.orDefaults()}).Dial(t, address)
}

// Dial is described at the function of that name.
func (d *Dialer) Dial(t *async.Task, address string) (*Conn, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	s, err := d.connect(t, u)
	if err != nil {
		return nil, err
	}
	c, err := d.shake(t, s, u)
	if err != nil {
		s.Close().Await(t)
		return nil, err
	}
	return c, nil
}

// connect makes the connection below.
func (d *Dialer) connect(t *async.Task, u *url.URL) (onLoop, error) {
	host := u.Hostname()
	switch {
	case host == "":
		return nil, fmt.Errorf("rondo/websocket: %q has no host", u)
	case u.Scheme == "ws":
		s, err := d.Net.Dial(t, "tcp", net.JoinHostPort(host, or(u.Port(), "80")))
		if err != nil {
			return nil, err
		}
		return s, nil
	case u.Scheme == "wss":
		config := d.TLS.Clone() // of nil it is nil
		if config == nil {
			config = new(tls.Config)
		}
		config.NextProtos = []string{"http/1.1"}
		s, err := (&tlsio.Dialer{Dialer: d.Net, Config: config}).Dial(t, "tcp", net.JoinHostPort(host, or(u.Port(), "443")))
		if err != nil {
			return nil, err
		}
		return s, nil
	}
	return nil, fmt.Errorf("rondo/websocket: %q is neither ws nor wss", u)
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// shake asks the server, and looks at its answer.
func (d *Dialer) shake(t *async.Task, s onLoop, u *url.URL) (*Conn, error) {
	key := newNonce()
	if _, err := s.Write(d.request(u, key)).Await(t); err != nil {
		return nil, err
	}
	head, rest, err := readHead(t, s)
	if err != nil {
		return nil, err
	}
	res, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(head)), nil)
	if err != nil {
		return nil, err
	}
	a, err := d.judge(res, key)
	if err != nil {
		return nil, err
	}
	opts := d.Options
	return newConn(s, placeOf(s.Home()), rest, &opts, true, a.deflate, a.subprotocol), nil
}

// newNonce returns a key (RFC 6455, section 4.1).
func newNonce() string {
	var b [16]byte
	rand.Read(b[:])
	return base64.StdEncoding.EncodeToString(b[:])
}

func (d *Dialer) request(u *url.URL, key string) []byte {
	var b strings.Builder
	host := or(d.Header.Get("Host"), u.Host)
	fmt.Fprintf(&b, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: %s\r\n", u.RequestURI(), host, key, wire.Version)
	if len(d.Subprotocols) > 0 {
		fmt.Fprintf(&b, "Sec-WebSocket-Protocol: %s\r\n", strings.Join(d.Subprotocols, ", "))
	}
	if !d.NoCompression {
		fmt.Fprintf(&b, "Sec-WebSocket-Extensions: %s\r\n", wire.Offer)
	}
	d.Header.WriteSubset(&b, map[string]bool{
		"Host": true, "Upgrade": true, "Connection": true, "Content-Length": true, "Transfer-Encoding": true,
		"Sec-Websocket-Key": true, "Sec-Websocket-Version": true,
		"Sec-Websocket-Protocol": true, "Sec-Websocket-Extensions": true,
	})
	b.WriteString("\r\n")
	return []byte(b.String())
}

// maxHead is how long a response may be before its end.
const maxHead = 64 << 10

// readHead reads a response up to its empty line, and returns what has come behind it.
func readHead(t *async.Task, s stream) (head, rest []byte, err error) {
	for {
		b, err := s.Recv().Await(t)
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, nil, err
		}
		from := max(len(head)-3, 0)
		head = append(head, b...)
		if i := bytes.Index(head[from:], []byte("\r\n\r\n")); i >= 0 {
			end := from + i + 4
			return head[:end:end], head[end:], nil
		}
		if len(head) > maxHead {
			return nil, nil, errors.New("rondo/websocket: the response to the handshake has no end")
		}
	}
}

// judge looks at a response (RFC 6455, section 4.1).
func (d *Dialer) judge(res *http.Response, key string) (a agreement, err error) {
	wrong := func(reason string) error { return &HandshakeError{res.StatusCode, reason} }
	h := res.Header
	switch {
	case res.StatusCode != http.StatusSwitchingProtocols:
		return a, wrong("the server answers " + res.Status)
	case !wire.HasToken(h.Values("Connection"), "upgrade"), !wire.HasToken(h.Values("Upgrade"), "websocket"):
		return a, wrong("the server has switched to something else")
	case h.Get("Sec-Websocket-Accept") != wire.Accept(key):
		return a, wrong("the server has not read the key")
	}
	if p := h.Values("Sec-Websocket-Protocol"); len(p) > 0 {
		a.subprotocol = p[0]
		if len(p) > 1 || choose(d.Subprotocols, p) != p[0] {
			return a, wrong("the server has chosen a subprotocol that was not asked for")
		}
	}
	answer, ok := wire.ParseExtensions(h.Values("Sec-Websocket-Extensions"))
	if ok {
		a.deflate, ok = wire.Agreed(!d.NoCompression, answer)
	}
	if !ok {
		return a, wrong("the server has agreed to extensions that were not offered")
	}
	return a, nil
}
