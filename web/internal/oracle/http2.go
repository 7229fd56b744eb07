package oracle

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"rondo.dev/rondo/web/internal/servers"
)

// Test2 compares a kind of server with net/http in HTTP/2: the requests of the cases, those
// that can be asked in it, by net/http's client.
func Test2(t *testing.T, kind servers.Maker, table string) {
	cases, err := Cases()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(table)
	if err != nil {
		t.Fatal(err)
	}
	listed, err := ParseDifferences(string(text))
	if err != nil {
		t.Fatal(table, err)
	}
	files := t.TempDir()
	if err := WriteFiles(files); err != nil {
		t.Fatal(err)
	}
	asked := 0
	known := map[string]bool{}
	var wg sync.WaitGroup
	places := make(chan struct{}, atOnce)
	for _, c := range cases {
		requests := c.requests()
		if requests == nil {
			continue
		}
		asked++
		known[c.Name] = true
		places <- struct{}{}
		wg.Go(func() {
			defer func() { <-places }()
			var o [2]Outcome
			for i, kind := range []servers.Maker{servers.Standard, kind} {
				o[i].Transcript, o[i].Err = c.run2(kind, requests, files)
			}
			d := listed[c.Name]
			if d != nil && *update && o[1].Err == nil {
				d.Got = o[1].String()
			}
			if complaint := c.Judge(o[0], o[1], d); complaint != "" {
				t.Errorf("%s: %s", c.Name, complaint)
			}
		})
	}
	wg.Wait()
	for name := range listed {
		if !known[name] {
			t.Errorf("%s: no case %s", table, name)
		}
	}
	if asked < 300 {
		t.Errorf("only %d of %d cases could be asked", asked, len(cases))
	}
	if *update {
		head, _, _ := strings.Cut(string(text), "difference ")
		for _, name := range sorted(listed) {
			head += listed[name].String() + "\n"
		}
		if err := os.WriteFile(table, []byte(head), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// connectionActs are acts of handlers on a connection that is theirs.
var connectionActs = map[string]bool{"hijack": true, "supports": true, "keep-body": true, "read-kept": true, "until-gone": true, "goexit": true}

// requests are those of a case, or nil if they can't be asked otherwise than in bytes.
func (c *Case) requests() (all []*http.Request) {
	switch {
	case strings.HasPrefix(c.Name, "limits/"): // fields are counted otherwise
		return nil
	case c.Name == "expect/read-after-the-reply": // both wait for each other
		return nil
	case c.Name == "connection/read-deadline-taken-back": // net/http answers in two ways
		return nil
	}
	var sent bytes.Buffer
	for _, s := range c.steps {
		if s.verb != "send" {
			return nil
		}
		sent.WriteString(s.data)
	}
	for _, lines := range c.acts {
		for _, l := range lines {
			if connectionActs[l.verb] {
				return nil
			}
		}
	}
	r := bufio.NewReader(&sent)
	for {
		req, err := http.ReadRequest(r)
		if err == io.EOF && len(all) > 0 {
			return all
		}
		if err != nil || req.Host == "" || req.URL.Host != "" || req.Method == http.MethodConnect || req.RequestURI == "*" {
			return nil
		}
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
		if len(body) == 0 {
			req.Body = http.NoBody
		}
		req.RequestURI, req.TransferEncoding, req.Close = "", nil, false
		for _, name := range []string{"Connection", "Upgrade", "Transfer-Encoding", "Keep-Alive", "Proxy-Connection", "Te", "Content-Length", "Http2-Settings"} {
			req.Header.Del(name)
		}
		all = append(all, req)
	}
}

// streamID is told by errors of net/http's client, and counts requests.
var streamID = regexp.MustCompile(`stream ID \d+`)

// run2 asks a server of that kind, one request after the other.
func (c *Case) run2(make servers.Maker, requests []*http.Request, files string) (*Transcript, error) {
	r := newRecord(files)
	p := new(http.Protocols)
	p.SetUnencryptedHTTP2(true)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	srv := make(servers.Config{Handler: c.answerer(r), MaxHeaderBytes: c.maxHeaderBytes, Protocols: p})
	served := goes(func() error { return srv.Serve(ln) })
	tr := &http.Transport{Protocols: p, DisableCompression: true, ExpectContinueTimeout: *patience}
	ctx, stop := context.WithTimeout(context.Background(), *patience)
	defer stop()
	for _, req := range requests {
		ask := req.Clone(ctx)
		ask.URL.Scheme, ask.URL.Host = "http", ln.Addr().String()
		if req.Body != http.NoBody {
			b, err := io.ReadAll(req.Body)
			if err != nil {
				return nil, err
			}
			req.Body = io.NopCloser(bytes.NewReader(b))
			ask.Body = io.NopCloser(bytes.NewReader(b))
		}
		var got bytes.Buffer
		answer(&got, tr, ask)
		r.update(func() { r.got.Write(got.Bytes()) })
	}
	if !r.wait(func() bool { return r.running == 0 }) {
		r.note("a handler does not return")
	}
	tr.CloseIdleConnections()
	err = srv.Close()
	if e := <-served; !errors.Is(e, http.ErrServerClosed) {
		err = errors.Join(err, fmt.Errorf("the server returned %v", e))
	}
	if ctx.Err() != nil {
		err = errors.Join(err, errors.New("the conversation does not end"))
	}
	r.end = "done"
	return r.transcript(), err
}

// answer writes what a request is answered.
func answer(w *bytes.Buffer, tr *http.Transport, req *http.Request) {
	resp, err := tr.RoundTrip(req)
	if err != nil {
		fmt.Fprintf(w, "error: %s\r\n", streamID.ReplaceAllString(err.Error(), "stream"))
		return
	}
	defer resp.Body.Close()
	fmt.Fprintf(w, "%s %d\r\n", resp.Proto, resp.StatusCode)
	writeFields(w, resp.Header)
	body, err := io.ReadAll(resp.Body)
	fmt.Fprintf(w, "\r\n%s\r\n", body)
	if err != nil {
		fmt.Fprintf(w, "error: %s\r\n", streamID.ReplaceAllString(err.Error(), "stream"))
	}
	writeFields(w, resp.Trailer)
}

func writeFields(w *bytes.Buffer, h http.Header) {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, v := range h[name] {
			fmt.Fprintf(w, "%s: %s\r\n", name, v)
		}
	}
}
