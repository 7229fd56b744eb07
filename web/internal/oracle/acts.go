package oracle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A call is one request while its handler's acts are done one after the other.
type call struct {
	*record
	w    http.ResponseWriter
	r    *http.Request
	conn net.Conn       // once it is hijacked
	rest io.Reader      // what is to be read from conn
	kept *io.ReadCloser // the body of the request before, shared by the connection
}

// An act is one thing that a handler does. What it learns, it notes.
type act func(c *call, rest string)

// acts are the words that may follow "do".
var acts map[string]act

func init() {
	acts = map[string]act{
		// the response's head
		"header":     func(c *call, s string) { c.w.Header().Set(pair(s)) },
		"header-add": func(c *call, s string) { c.w.Header().Add(pair(s)) },
		"header-raw": func(c *call, s string) { k, v := pair(s); c.w.Header()[k] = append(c.w.Header()[k], v) },
		"header-nil": func(c *call, s string) { c.w.Header()[s] = nil },
		"header-set": func(c *call, s string) { k, v := pair(s); c.w.Header()[k][0] = v },
		"header-del": func(c *call, s string) { c.w.Header().Del(s) },
		"headers":    func(c *call, s string) { n, _ := strconv.Atoi(s); manyHeaders(c.w.Header(), n) },
		"status":     func(c *call, s string) { c.w.WriteHeader(number(s)) },

		// its body
		"write":        func(c *call, s string) { c.wrote(c.w.Write([]byte(s))) },
		"write-string": func(c *call, s string) { c.wrote(io.WriteString(c.w, s)) },
		"write-many":   writeMany,
		"printf":       func(c *call, s string) { c.wrote(fmt.Fprintf(c.w, "%s", s)) },
		"flush":        func(c *call, s string) { c.failed("flush", http.NewResponseController(c.w).Flush()) },
		"flusher":      func(c *call, s string) { c.w.(http.Flusher).Flush() },
		"copy":         func(c *call, s string) { c.copied(io.Copy(c.w, strings.NewReader(s))) },
		"copy-n":       copyN,
		"copy-file":    copyFile,
		"read-from":    readFrom,
		"echo-body":    func(c *call, s string) { c.copied(io.Copy(c.w, c.r.Body)) },

		// the request's body
		"read":        read,
		"read-all":    func(c *call, s string) { b, err := io.ReadAll(c.r.Body); c.note("read %s", told(b, err)) },
		"close-body":  func(c *call, s string) { c.failed("close", c.r.Body.Close()) },
		"max-bytes":   func(c *call, s string) { c.r.Body = http.MaxBytesReader(c.w, c.r.Body, int64(number(s))) },
		"keep-body":   func(c *call, s string) { *c.kept = c.r.Body },
		"read-kept":   func(c *call, s string) { b, err := io.ReadAll(*c.kept); c.note("read before %s", told(b, err)) },
		"trailer-in":  func(c *call, s string) { c.note("trailer %s", headerText(c.r.Trailer)) },
		"form":        form,
		"multipart":   multipartForm,
		"parts":       parts,
		"cookies":     cookies,
		"basic-auth":  func(c *call, s string) { u, p, ok := c.r.BasicAuth(); c.note("auth %q %q %v", u, p, ok) },
		"note-length": func(c *call, s string) { c.note("length %d", c.r.ContentLength) },

		// the connection
		"hijack":        hijack,
		"conn-write":    func(c *call, s string) { n, err := io.WriteString(c.conn, s); c.note("conn wrote %d %v", n, err) },
		"conn-read":     connRead,
		"conn-read-all": func(c *call, s string) { b, err := io.ReadAll(c.rest); c.note("conn read %s", told(b, err)) },
		"conn-close":    func(c *call, s string) { c.failed("conn close", c.conn.Close()) },
		"full-duplex":   func(c *call, s string) { c.failed("full duplex", http.NewResponseController(c.w).EnableFullDuplex()) },
		"read-deadline": func(c *call, s string) {
			c.failed("read deadline", http.NewResponseController(c.w).SetReadDeadline(when(s)))
		},
		"write-deadline": func(c *call, s string) {
			c.failed("write deadline", http.NewResponseController(c.w).SetWriteDeadline(when(s)))
		},
		"supports":   supports,
		"until-gone": func(c *call, s string) { <-c.r.Context().Done(); c.note("gone: %v", c.r.Context().Err()) },
		"alive":      func(c *call, s string) { c.note("context: %v", c.r.Context().Err()) },

		// how a handler ends
		"panic":  func(c *call, s string) { panic(s) },
		"abort":  func(c *call, s string) { panic(http.ErrAbortHandler) },
		"goexit": func(c *call, s string) { runtime.Goexit() },

		// what package net/http offers to handlers
		"error":         func(c *call, s string) { code, text := pair(s); http.Error(c.w, text, number(code)) },
		"redirect":      func(c *call, s string) { code, to := pair(s); http.Redirect(c.w, c.r, to, number(code)) },
		"not-found":     func(c *call, s string) { http.NotFound(c.w, c.r) },
		"set-cookie":    setCookie,
		"serve-content": serveContent,
		"serve-file":    func(c *call, s string) { http.ServeFile(c.w, c.r, filepath.Join(c.files, s)) },

		"note": func(c *call, s string) { c.note("%s", s) },
		"echo": func(c *call, s string) { echo(c.record).ServeHTTP(c.w, c.r) },
		"uri":  func(c *call, s string) { c.wrote(io.WriteString(c.w, c.r.RequestURI)) },
	}
}

// scripted is the handler that does what the case says. It is made once a connection.
func scripted(r *record, byPath map[string][]line) http.Handler {
	kept := new(io.ReadCloser)
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		lines, ok := byPath[req.URL.Path]
		if !ok {
			lines = byPath[""]
		}
		c := &call{record: r, w: w, r: req, kept: kept}
		for _, l := range lines {
			acts[l.verb](c, l.rest)
		}
	})
}

// pair splits what follows a word at its first space.
func pair(s string) (string, string) {
	k, v, _ := strings.Cut(s, " ")
	return k, v
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic("oracle: no number: " + s)
	}
	return n
}

// when returns a time that is over, or no deadline.
func when(s string) time.Time {
	if s == "past" {
		return time.Unix(1, 0)
	}
	return time.Time{}
}

func manyHeaders(h http.Header, n int) {
	for i := range n {
		h.Set(fmt.Sprintf("X-Number-%d", i), strconv.Itoa(i))
	}
}

// told says what was read.
func told(b []byte, err error) string {
	text := strconv.Quote(string(b))
	if len(b) > 200 {
		text = fmt.Sprintf("%d bytes, %q...", len(b), b[:20])
	}
	return text + " " + errorText(err)
}

// errorText returns what a handler can make out of an error: which of Go's own it is.
// The words for what is malformed are a server's own affair.
func errorText(err error) string {
	if err == nil {
		return "<nil>"
	}
	for _, e := range []error{
		io.EOF, io.ErrUnexpectedEOF, os.ErrDeadlineExceeded, net.ErrClosed, syscall.ECONNRESET, syscall.EPIPE, context.Canceled,
		http.ErrBodyReadAfterClose, http.ErrBodyNotAllowed, http.ErrContentLength, http.ErrHijacked, http.ErrNotSupported, http.ErrHandlerTimeout, http.ErrAbortHandler,
	} {
		if errors.Is(err, e) {
			return e.Error()
		}
	}
	if e := (*http.MaxBytesError)(nil); errors.As(err, &e) {
		return fmt.Sprintf("%v, which is %d", err, e.Limit)
	}
	if e := net.Error(nil); errors.As(err, &e) && e.Timeout() {
		return "a timeout that is no os.ErrDeadlineExceeded"
	}
	return "some error"
}

// failed notes an error where there is one.
func (c *call) failed(what string, err error) {
	if err != nil {
		c.note("%s: %s", what, errorText(err))
	}
}

// wrote notes what is not as usual about a write.
func (c *call) wrote(n int, err error) {
	if err != nil {
		c.note("wrote %d: %s", n, errorText(err))
	}
}

func (c *call) copied(n int64, err error) { c.note("copied %d %s", n, errorText(err)) }
