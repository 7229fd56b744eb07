package oracle

import (
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// handlers are what may follow "handler": those whose acts are too many for a case, or
// that stand for code of others.
var handlers = map[string]func(r *record) http.Handler{
	"echo": echo,
	"mux":  mux,
	"files": func(r *record) http.Handler {
		return http.FileServer(http.Dir(r.files))
	},
	"none": func(*record) http.Handler { return nil },
}

// wraps are what may follow "wrap", the first one outermost.
var wraps = map[string]func(rest string, r *record, h http.Handler) http.Handler{
	"strip-prefix": func(s string, _ *record, h http.Handler) http.Handler { return http.StripPrefix(s, h) },
	"max-bytes": func(s string, _ *record, h http.Handler) http.Handler {
		return http.MaxBytesHandler(h, int64(number(s)))
	},
	// The short one is over before anything is done that waits for it.
	"timeout-short": func(s string, _ *record, h http.Handler) http.Handler {
		return http.TimeoutHandler(h, time.Millisecond, s)
	},
	"timeout-long": func(s string, _ *record, h http.Handler) http.Handler { return http.TimeoutHandler(h, time.Hour, s) },
	"semicolons":   func(_ string, _ *record, h http.Handler) http.Handler { return http.AllowQuerySemicolons(h) },
	"unwrapping": func(_ string, _ *record, h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(unwrapping{w}, r) })
	},
	"gzip": func(_ string, _ *record, h http.Handler) http.Handler { return gzipped(h) },
	"recover": func(_ string, r *record, h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			defer func() {
				if v := recover(); v != nil {
					r.note("recovered %v", v)
					http.Error(w, "recovered", http.StatusInternalServerError)
				}
			}()
			h.ServeHTTP(w, req)
		})
	},
}

// answerer makes the handler of a case, or nil for none.
func (c *Case) answerer(r *record) http.Handler {
	var h http.Handler
	if c.handler != "" {
		h = handlers[c.handler](r)
	} else {
		// TimeoutHandler runs it elsewhere, so it is counted by itself.
		h = counted(scripted(r, c.acts), r)
	}
	if h == nil {
		return nil
	}
	for i := len(c.wraps) - 1; i >= 0; i-- {
		h = wraps[c.wraps[i].verb](c.wraps[i].rest, r, h)
	}
	return counted(h, r)
}

// counted makes the record know how many handlers are running.
func counted(h http.Handler, r *record) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.update(func() { r.running++ })
		defer r.update(func() { r.running-- })
		h.ServeHTTP(w, req)
	})
}

// echo answers with all that a handler can know of a request.
func echo(*record) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "text/plain")
		u := r.URL
		fmt.Fprintf(w, "%q %q %q %d %d\n", r.Method, r.RequestURI, r.Proto, r.ProtoMajor, r.ProtoMinor)
		fmt.Fprintf(w, "url %q %q %q %q %q %q %q\n", u.Scheme, u.Opaque, u.User, u.Host, u.Path, u.RawPath, u.RawQuery)
		fmt.Fprintf(w, "host %q length %d encoding %q close %v\n", r.Host, r.ContentLength, r.TransferEncoding, r.Close)
		fmt.Fprintf(w, "header %s\n", headerText(r.Header))
		fmt.Fprintf(w, "body %s\n", bodyText(body, err))
		fmt.Fprintf(w, "trailer %s\n", headerText(r.Trailer))
	})
}

// bodyText tells long bodies apart without repeating them.
func bodyText(b []byte, err error) string {
	if len(b) > 200 {
		return fmt.Sprintf("%d bytes, sha256 %x %s", len(b), sha256.Sum256(b), errorText(err))
	}
	return fmt.Sprintf("%q %s", b, errorText(err))
}

// mux routes like a server with several pages, and says what matched.
func mux(*record) http.Handler {
	m := http.NewServeMux()
	for _, pattern := range []string{
		"/{$}", "GET /get", "POST /post", "/tree/", "/both", "/both/", "/id/{id}", "/rest/{rest...}", "host.test/host", "/a/b/{$}",
	} {
		m.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "%s: path %q id %q rest %q", r.Pattern, r.URL.Path, r.PathValue("id"), r.PathValue("rest"))
		})
	}
	return m
}

// unwrapping is what middleware hands on when it does not know the optional
// interfaces, but lets http.ResponseController through.
type unwrapping struct{ http.ResponseWriter }

func (u unwrapping) Unwrap() http.ResponseWriter { return u.ResponseWriter }

// gzipped is middleware that changes what is written, and forgets nothing.
func gzipped(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			h.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Add("Vary", "Accept-Encoding")
		z := gzip.NewWriter(w)
		defer z.Close()
		h.ServeHTTP(gzipWriter{unwrapping{w}, z}, r)
	})
}

type gzipWriter struct {
	unwrapping
	z *gzip.Writer
}

func (g gzipWriter) Write(b []byte) (int, error) { return g.z.Write(b) }

func (g gzipWriter) FlushError() error {
	if err := g.z.Flush(); err != nil {
		return err
	}
	return http.NewResponseController(g.ResponseWriter).Flush()
}
