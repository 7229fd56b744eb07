package oracle

import (
	"io"
	"net/http"
	"strings"
)

// hijack takes the connection over, and notes what had been read of it.
func hijack(c *call, s string) {
	conn, rw, err := http.NewResponseController(c.w).Hijack()
	if err != nil {
		c.note("hijack: %s", errorText(err))
		return
	}
	b, _ := rw.Reader.Peek(rw.Reader.Buffered())
	c.note("hijacked with %q", b)
	c.conn, c.rest = conn, rw.Reader
}

// connRead reads so many bytes of what was hijacked.
func connRead(c *call, s string) {
	b := make([]byte, number(s))
	n, err := io.ReadFull(c.rest, b)
	c.note("conn read %s", told(b[:n], err))
}

// supports notes which of the optional interfaces the response has.
func supports(c *call, s string) {
	var names []string
	has := func(name string, ok bool) {
		if ok {
			names = append(names, name)
		}
	}
	_, ok := c.w.(http.Flusher)
	has("Flusher", ok)
	_, ok = c.w.(interface{ FlushError() error })
	has("FlushError", ok)
	_, ok = c.w.(http.Hijacker)
	has("Hijacker", ok)
	_, ok = c.w.(interface{ CloseNotify() <-chan bool })
	has("CloseNotifier", ok)
	_, ok = c.w.(http.Pusher)
	has("Pusher", ok)
	_, ok = c.w.(io.ReaderFrom)
	has("ReaderFrom", ok)
	_, ok = c.w.(io.StringWriter)
	has("StringWriter", ok)
	_, ok = c.w.(interface{ Unwrap() http.ResponseWriter })
	has("Unwrap", ok)
	has("Server", c.r.Context().Value(http.ServerContextKey) != nil)
	has("LocalAddr", c.r.Context().Value(http.LocalAddrContextKey) != nil)
	c.note("supports %s", strings.Join(names, " "))
}
