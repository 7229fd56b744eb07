package servertest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"

	"rondo.dev/rondo/web/internal/servers"
)

// A server is tried behind a proxy of net/http and as one before net/http.
var proxyTests = []test{
	{"Proxy/behind", func(r *rig) { r.proxied(r.kind, servers.Standard) }},
	{"Proxy/before", func(r *rig) { r.proxied(servers.Standard, r.kind) }},
	{"Proxy/both", func(r *rig) { r.proxied(r.kind, r.kind) }},
}

// proxied sends requests through httputil.ReverseProxy in a server of kind front to one
// of kind back.
func (r *rig) proxied(back, front servers.Maker) {
	there := make(chan context.Context)
	behind := (&rig{r.T, back, r.http2}).handle(func(w http.ResponseWriter, req *http.Request) { r.backend(w, req, there) })
	to, err := url.Parse(behind.url("/"))
	r.check(err)
	proxy := &httputil.ReverseProxy{
		Rewrite:       func(p *httputil.ProxyRequest) { p.SetURL(to); p.SetXForwarded() },
		FlushInterval: -1,
		Transport:     r.client().Transport,
	}
	before := (&rig{r.T, front, r.http2}).serve(servers.Config{Handler: proxy})
	client := r.client()

	text := pattern(1 << 20)
	for _, sent := range []struct {
		text    string
		chunked bool
	}{{"", false}, {"small", false}, {text, false}, {text, true}} {
		echo := func() (*http.Response, string, error) {
			var body io.Reader = strings.NewReader(sent.text)
			if sent.chunked {
				body = io.MultiReader(body)
			}
			return try(client, "POST", before.url("/echo"), body)
		}
		resp, got, err := echo()
		for range 10 {
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				break
			}
			// The transport of net/http gives a connection up when there is an answer
			// before it has looked for the end of the request.
			resp, got, err = echo()
		}
		r.check(err)
		if got != sent.text || resp.Trailer.Get("Sum") != fmt.Sprint(len(sent.text)) {
			r.Errorf("got %d bytes, trailer %v", len(got), resp.Trailer)
		}
	}
	if resp, got := r.do(client, "HEAD", before.url("/echo"), nil); resp.StatusCode != http.StatusOK || got != "" {
		r.Errorf("got %s and %q", resp.Status, got)
	}
	if resp, _ := r.do(client, "GET", before.url("/none"), nil); resp.StatusCode != http.StatusNoContent {
		r.Errorf("got %s", resp.Status)
	}
	if resp, got := r.do(client, "GET", before.url("/hints"), nil); got != "hints" {
		r.Errorf("got %q, %s", got, resp.Status)
	}

	if !r.http2 {
		req, err := http.NewRequestWithContext(r.soon(), "GET", before.url("/upgrade"), nil)
		r.check(err)
		req.Header.Set("Connection", "Upgrade")
		req.Header.Set("Upgrade", "echo")
		r.upgraded(client, req)
	}

	// What is cut off behind is cut off before.
	resp, err := client.Get(before.url("/cut"))
	r.check(err)
	b, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if string(b) != "some" || err == nil {
		r.Errorf("got %q, %v", b, err)
	}

	// Who gives up before is gone behind.
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", before.url("/wait"), nil)
	r.check(err)
	failed := make(chan error, 1)
	go func() {
		_, err := client.Do(req)
		failed <- err
	}()
	waiting := get(r, there, "the handler")
	cancel()
	get(r, waiting.Done(), "the handler to hear of it")
	if err := get(r, failed, "the client"); err == nil {
		r.Error("no error for the client")
	}
}

func (r *rig) backend(w http.ResponseWriter, req *http.Request, there chan<- context.Context) {
	switch req.URL.Path {
	case "/echo":
		w.Header().Set("Trailer", "Sum")
		// All of it first: a proxy that gets an answer reads the rest of the request
		// away, as any handler does that does not ask for both at once.
		b, err := io.ReadAll(req.Body)
		if err != nil {
			r.Error(err)
		}
		w.Write(b)
		w.Header().Set("Sum", fmt.Sprint(len(b)))
	case "/none":
		w.WriteHeader(http.StatusNoContent)
	case "/hints":
		w.Header().Set("Link", "</style.css>")
		w.WriteHeader(http.StatusEarlyHints)
		io.WriteString(w, "hints")
	case "/cut":
		io.WriteString(w, "some")
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case "/wait":
		there <- req.Context()
		<-req.Context().Done()
	case "/upgrade":
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			r.Error(err)
			return
		}
		defer conn.Close()
		io.WriteString(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		rw.Flush()
		io.Copy(conn, rw)
	}
}
