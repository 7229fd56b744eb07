package http1

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// An exchange is a request as a handler sees it.
type exchange struct {
	text  string // all of it but the body
	body  string
	after string // what is known once the body has been read
	err   error  // of the body
	mayBe bool   // the connection may end behind it
}

func (e exchange) String() string {
	return fmt.Sprintf("%s body %q then %s, failed: %v", e.text, e.body, e.after, e.err != nil)
}

func describe(r *http.Request) string {
	u := r.URL
	return fmt.Sprintf("%q %q %q %d.%d host %q length %d codings %q close %v trailer %#v header %#v\nurl %q %q %v %q %q %q %v %v %q %q %q",
		r.Method, r.RequestURI, r.Proto, r.ProtoMajor, r.ProtoMinor, r.Host, r.ContentLength, r.TransferEncoding, r.Close,
		r.Trailer, r.Header, u.Scheme, u.Opaque, u.User, u.Host, u.Path, u.RawPath, u.OmitHost, u.ForceQuery, u.RawQuery,
		u.Fragment, u.RawFragment)
}

func describeAfter(r *http.Request) string { return fmt.Sprintf("trailer %#v", r.Trailer) }

func endsConnection(r *http.Request) bool { return r.Close || r.Header["Connection"] != nil }

// A wire is a connection on which everything has come already.
type wire struct {
	in        io.Reader
	out       bytes.Buffer
	exchanges []exchange
	closed    chan struct{}
	once      sync.Once
}

func (w *wire) Read(b []byte) (int, error)       { return w.in.Read(b) }
func (w *wire) Write(b []byte) (int, error)      { return w.out.Write(b) }
func (w *wire) Close() error                     { w.once.Do(func() { close(w.closed) }); return nil }
func (w *wire) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (w *wire) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (w *wire) SetDeadline(time.Time) error      { return nil }
func (w *wire) SetReadDeadline(time.Time) error  { return nil }
func (w *wire) SetWriteDeadline(time.Time) error { return nil }

// An oracle is net/http's server.
type oracle struct {
	server http.Server
	conns  chan net.Conn
}

type wireKey struct{}

func newOracle(t testing.TB, maxHeaderBytes int) *oracle {
	return newServer(t, maxHeaderBytes, func(w http.ResponseWriter, r *http.Request) {
		e := exchange{text: describe(r)}
		body, err := io.ReadAll(r.Body)
		e.body, e.err, e.after, e.mayBe = string(body), err, describeAfter(r), endsConnection(r)
		wire := r.Context().Value(wireKey{}).(*wire)
		wire.exchanges = append(wire.exchanges, e)
		w.Header().Set("Content-Length", "0")
	})
}

func newServer(t testing.TB, maxHeaderBytes int, handler http.HandlerFunc) *oracle {
	o := &oracle{conns: make(chan net.Conn)}
	o.server = http.Server{
		MaxHeaderBytes:               maxHeaderBytes,
		DisableGeneralOptionsHandler: true,
		ConnContext:                  func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, wireKey{}, c) },
		Handler:                      handler,
		ErrorLog:                     log.New(io.Discard, "", 0),
	}
	done := make(chan struct{})
	go func() { defer close(done); o.server.Serve(o) }()
	t.Cleanup(func() { o.server.Close(); <-done })
	return o
}

func (o *oracle) Accept() (net.Conn, error) {
	c, ok := <-o.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (o *oracle) Close() error   { close(o.conns); return nil }
func (o *oracle) Addr() net.Addr { return &net.TCPAddr{} }

// serve returns the requests in data, and what the server wrote behind its answers to
// them.
func (o *oracle) serve(data []byte) (exchanges []exchange, answer string) {
	w := &wire{in: bytes.NewReader(data), closed: make(chan struct{})}
	o.conns <- w
	<-w.closed
	out := bufio.NewReader(&w.out)
	for range w.exchanges {
		for {
			resp, err := http.ReadResponse(out, nil)
			if err != nil {
				return w.exchanges, "an answer that is none: " + err.Error()
			}
			if resp.StatusCode >= 200 {
				break
			}
		}
	}
	rest, _ := io.ReadAll(out)
	return w.exchanges, string(rest)
}

// How a connection ended, when it was not for a refusal.
type ending string

func (e ending) Error() string { return string(e) }

const (
	endIncomplete  ending = "the input ends within a head"
	endBody        ending = "a body failed"
	endExpectation ending = "an expectation was not understood"
)

// A feeder shows data in pieces.
type feeder struct {
	data []byte
	cuts []byte
	upTo int
}

func (f *feeder) more() bool {
	if f.upTo == len(f.data) {
		return false
	}
	n := len(f.data)
	if len(f.cuts) > 0 {
		n = f.upTo + int(f.cuts[0]) + 1
		f.cuts = append(f.cuts[1:len(f.cuts):len(f.cuts)], f.cuts[0])
	}
	f.upTo = min(n, len(f.data))
	return true
}

// play does what a server does with data that comes in pieces: the next has one byte
// more than the next number in cuts, which are taken in turn. It returns how the
// connection ended, and where the last head began.
func play(data, cuts []byte, maxHead int) (exchanges []exchange, at int, end error) {
	p := Parser{MaxHead: maxHead}
	in := feeder{data: data, cuts: cuts}
	for {
		r := new(http.Request)
		n, err := p.Parse(data[at:in.upTo:in.upTo], r)
		if err != nil {
			return exchanges, at, err
		}
		if n == 0 {
			if !in.more() {
				return exchanges, at, endIncomplete
			}
			continue
		}
		if expect := r.Header.Get("Expect"); expect != "" && !expectsContinue(expect) {
			return exchanges, at, endExpectation
		}
		at += n
		e := exchange{text: describe(r), mayBe: endsConnection(r)}
		var b Body
		b.Init(r, 0)
		for b.Remaining() != 0 || !b.Done() {
			piece := data[at:in.upTo]
			if len(piece) == 0 && !b.Done() {
				if !in.more() {
					e.err = io.ErrUnexpectedEOF
					break
				}
				continue
			}
			content, used, err := b.Next(piece)
			e.body += string(content)
			at += used
			if err != nil && err != io.EOF {
				e.err = err
				break
			}
			if used == 0 && err == nil {
				e.err = ending("Next makes no progress")
				break
			}
		}
		e.after = describeAfter(r)
		exchanges = append(exchanges, e)
		if e.err != nil {
			return exchanges, at, endBody
		}
	}
}

// expectsContinue is what net/http makes of Expect.
func expectsContinue(value string) bool {
	return slices.ContainsFunc(strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(" ,\t", r) }),
		func(s string) bool { return strings.EqualFold(s, "100-continue") })
}

// differences are the errors for what net/http accepts: the table in the package's
// documentation.
var differences = map[error]string{
	errEmptyLine:      "a bare CR before the request line",
	errAuthority:      "a host in the target that Host could not have",
	errBothFramings:   "Content-Length and Transfer-Encoding",
	errCodingIn10:     "Transfer-Encoding in HTTP/1.0",
	errFolded:         "obs-fold in Host, Content-Length, Transfer-Encoding",
	errTrailerName:    "Trailer with a name that must not be there",
	errPreface:        "fields in the preface of HTTP/2",
	errManyFields:     "more fields than allowed",
	errChunkHuge:      "a chunk of 2^62 bytes",
	errChunkExtension: "a control character in an extension",
	errTrailerLine:    "LF among trailers",
	errTrailerField:   "a trailer that must not be one",
}

// compare fails the test if a server with this package would not do as net/http's
// server did, apart from the differences.
func compare(t *testing.T, o *oracle, data []byte) {
	t.Helper()
	want, answer := o.serve(data)
	got, at, end := play(data, nil, 0)
	for i, e := range got {
		if i == len(want) {
			// The other connection ended before: it may have been told to.
			if i == 0 || answer != "" || !got[i-1].mayBe {
				t.Errorf("%q: request %d was not accepted by net/http, which answers %q:\n%v", data, i, answer, e)
			}
			return
		}
		if differences[e.err] != "" {
			return
		}
		if e.String() != want[i].String() {
			t.Errorf("%q: request %d is\n%v, %v, want\n%v, %v", data, i, e, e.err, want[i], want[i].err)
			return
		}
	}
	var refused *Error
	if e, ok := end.(*Error); ok {
		if differences[e] != "" {
			return
		}
		refused = e
	}
	if len(want) > len(got) {
		t.Errorf("%q: ended by %v; net/http goes on with\n%v", data, end, want[len(got)])
		return
	}
	switch {
	case len(got) > 0 && got[len(got)-1].mayBe && answer == "":
	case len(got) > 0 && len(data)-at < 4 && answer == "":
		// Without four bytes there is no next request for net/http.
	case refused != nil:
		if s := string(refused.AppendResponse(nil)); s != answer {
			t.Errorf("%q: the answer to %v is\n%q, want\n%q", data, refused, s, answer)
		}
	case end == endExpectation:
		if !strings.HasPrefix(answer, "HTTP/1.1 417 ") && !strings.HasPrefix(answer, "HTTP/1.0 417 ") {
			t.Errorf("%q: net/http answers %q", data, answer)
		}
	case end == endIncomplete && answer == string(errField.AppendResponse(nil)):
		// The end of the input made it a malformed request; not if net/http has read
		// nothing of it yet.
	case answer != "":
		t.Errorf("%q: %v, net/http answers %q", data, end, answer)
	}
}
