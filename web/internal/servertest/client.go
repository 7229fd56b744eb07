package servertest

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"strings"
)

var clientTests = []test{
	{"Client/bodies", clientBodies},
	{"Client/streams_both_ways", clientStreams},
	{"Client/trailers", clientTrailers},
	{"Client/expects_continue", clientExpects},
	{"Client/refused_upload", clientRefused},
	{"Client/large_download", clientDownload},
	{"Client/events", clientEvents},
	{"Client/gives_up", clientGivesUp},
	{"Client/answer_cut_off", clientCutOff},
	{"Client/reuses_its_connection", clientReuses},
	{"Client/compressed", clientCompressed},
	{"Client/form_with_files", clientForm},
	{"Client/cookies_and_redirects", clientCookies},
	{"Client/upgrade", clientUpgrade},
	{"Client/early_answer_to_a_body_that_still_comes", clientEarly},
}

// pattern returns text that is nowhere like elsewhere.
func pattern(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i ^ i>>8*31 ^ i>>16*17)
	}
	return string(b)
}

// clientBodies sends all kinds of bodies with all kinds of methods.
func clientBodies(r *rig) {
	s := r.handle(func(w http.ResponseWriter, req *http.Request) {
		b, err := io.ReadAll(req.Body)
		if err != nil {
			r.Error(err)
		}
		w.Header().Set("Was", fmt.Sprint(req.ContentLength, req.TransferEncoding))
		w.Write(b)
	})
	client := r.client()
	text := pattern(1 << 20)
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "BREW"} {
		for _, body := range []struct {
			name string
			body io.Reader
			was  string
			want string
		}{
			{"none", nil, "0 []", ""},
			{"http.NoBody", http.NoBody, "0 []", ""},
			{"short", strings.NewReader("short"), "5 []", "short"},
			{"empty", strings.NewReader(""), "0 []", ""},
			{"bytes", bytes.NewReader([]byte("bytes")), "5 []", "bytes"},
			{"unknown length", io.MultiReader(strings.NewReader("unknown "), strings.NewReader("length")), "-1 [chunked]", "unknown length"},
			{"large", strings.NewReader(text), fmt.Sprint(len(text), " []"), text},
			{"large, unknown length", io.MultiReader(strings.NewReader(text)), "-1 [chunked]", text},
		} {
			resp, got := r.do(client, method, s.url("/"), body.body)
			if r.http2 {
				body.was = strings.Replace(body.was, "chunked", "", 1)
			}
			if got != body.want || resp.Header.Get("Was") != body.was {
				r.Errorf("%s with %s: %d bytes, was %s", method, body.name, len(got), resp.Header.Get("Was"))
			}
			if seeker, ok := body.body.(io.Seeker); ok {
				seeker.Seek(0, io.SeekStart)
			}
		}
	}
}

// clientStreams has a conversation within one request.
func clientStreams(r *rig) {
	s := r.handle(func(w http.ResponseWriter, req *http.Request) {
		rc := http.NewResponseController(w)
		if err := rc.EnableFullDuplex(); err != nil {
			r.Error(err)
		}
		rc.Flush()
		buf := make([]byte, 100)
		for {
			n, err := req.Body.Read(buf)
			if n > 0 {
				fmt.Fprintf(w, "<%s>", buf[:n])
				rc.Flush()
			}
			if err != nil {
				return
			}
		}
	})
	out, in := io.Pipe()
	req, err := http.NewRequestWithContext(r.soon(), "POST", s.url("/"), out)
	r.check(err)
	resp, err := r.client().Do(req)
	r.check(err)
	defer resp.Body.Close()
	for i := range 20 {
		want := fmt.Sprint("<", i, ">")
		fmt.Fprint(in, i)
		got := make([]byte, len(want))
		_, err := io.ReadFull(resp.Body, got)
		r.check(err)
		if string(got) != want {
			r.Fatalf("got %q, want %q", got, want)
		}
	}
	in.Close()
	rest, err := io.ReadAll(resp.Body)
	r.check(err)
	if len(rest) != 0 {
		r.Errorf("got %q at the end", rest)
	}
}

func clientTrailers(r *rig) {
	s := r.handle(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Trailer", "Sum")
		n, _ := io.Copy(w, req.Body)
		w.Header().Set("Sum", fmt.Sprint(n, " ", req.Trailer.Get("Check")))
		w.Header().Set(http.TrailerPrefix+"Late", "yes")
	})
	req, err := http.NewRequest("POST", s.url("/"), io.MultiReader(strings.NewReader("body")))
	r.check(err)
	req.Trailer = http.Header{"Check": {"checked"}}
	resp, err := r.client().Do(req)
	r.check(err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	r.check(err)
	if string(b) != "body" || resp.Trailer.Get("Sum") != "4 checked" || resp.Trailer.Get("Late") != "yes" {
		r.Errorf("got %q, trailer %v", b, resp.Trailer)
	}
}

func clientExpects(r *rig) {
	s := r.handle(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/refuse" {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		io.Copy(w, req.Body)
	})
	client := r.client()
	expect := func(req *http.Request) { req.Header.Set("Expect", "100-continue") }
	for range 3 {
		if resp, got := r.do(client, "POST", s.url("/"), strings.NewReader("wanted"), expect); got != "wanted" {
			r.Errorf("got %q, %s", got, resp.Status)
		}
		// A body that must not be asked for.
		body := &unread{}
		resp, got := r.do(client, "POST", s.url("/refuse"), body, expect, func(req *http.Request) { req.ContentLength = 1 << 30 })
		if resp.StatusCode != http.StatusForbidden || body.read {
			r.Errorf("got %q, %s; the body was asked for: %v", got, resp.Status, body.read)
		}
	}
}

// An unread body knows whether someone read it.
type unread struct{ read bool }

func (u *unread) Read([]byte) (int, error) { u.read = true; return 0, io.ErrUnexpectedEOF }

// clientRefused: the answer comes although most of the body is never read.
func clientRefused(r *rig) {
	s := r.handle(func(w http.ResponseWriter, req *http.Request) {
		_, err := io.Copy(io.Discard, http.MaxBytesReader(w, req.Body, 1000))
		if err == nil {
			r.Error("a body of 8 MB is below 1000 bytes")
		}
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
	})
	c := s.dial()
	go io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8388608\r\n\r\n"+strings.Repeat("x", 8<<20))
	resp, got := c.response()
	if resp.StatusCode != http.StatusRequestEntityTooLarge || got != "too large\n" || !resp.Close {
		r.Errorf("got %q, %s, close %v", got, resp.Status, resp.Close)
	}
	c.end()
}

func clientDownload(r *rig) {
	text := pattern(10 << 20)
	s := r.handle(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/known" {
			w.Header().Set("Content-Length", fmt.Sprint(len(text)))
		}
		io.WriteString(w, text)
	})
	client := r.client()
	for _, path := range []string{"/known", "/unknown"} {
		if _, got := r.do(client, "GET", s.url(path), nil); got != text {
			r.Errorf("%s: got %d bytes, or others", path, len(got))
		}
	}
}

// clientEvents reads events as they come: the next is sent when the last was read.
func clientEvents(r *rig) {
	next := make(chan int)
	s := r.handle(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		rc := http.NewResponseController(w)
		for i := range next {
			fmt.Fprintf(w, "data: %d\n\n", i)
			if err := rc.Flush(); err != nil {
				r.Error(err)
			}
		}
	})
	go func() { next <- 0 }() // the head goes out with the first
	resp, err := r.client().Get(s.url("/"))
	r.check(err)
	defer resp.Body.Close()
	buf := make([]byte, len("data: 0\n\n"))
	for i := range 10 {
		_, err := io.ReadFull(resp.Body, buf)
		r.check(err)
		if want := fmt.Sprintf("data: %d\n\n", i); string(buf) != want {
			r.Fatalf("got %q, want %q", buf, want)
		}
		if i < 9 {
			put(r, next, i+1, "the next event")
		}
	}
	close(next)
	rest, err := io.ReadAll(resp.Body)
	r.check(err)
	if len(rest) != 0 {
		r.Errorf("got %q at the end", rest)
	}
}

// clientGivesUp cancels requests in all their parts.
func clientGivesUp(r *rig) {
	there := make(chan context.Context)
	s := r.handle(func(w http.ResponseWriter, req *http.Request) {
		switch req.URL.Path {
		case "/hello":
			hello(w, req)
			return
		case "/answering":
			io.WriteString(w, "begun")
			http.NewResponseController(w).Flush()
		}
		there <- req.Context()
		<-req.Context().Done()
	})
	client := r.client()
	for _, path := range []string{"/waiting", "/answering"} {
		ctx, cancel := context.WithCancel(context.Background())
		req, err := http.NewRequestWithContext(ctx, "GET", s.url(path), nil)
		r.check(err)
		failed := make(chan error, 1)
		go func() {
			resp, err := client.Do(req)
			if err == nil {
				_, err = io.ReadAll(resp.Body)
				resp.Body.Close()
			}
			failed <- err
		}()
		handler := get(r, there, "the handler")
		cancel()
		get(r, handler.Done(), "the handler to hear of it")
		if err := get(r, failed, "the client"); err == nil {
			r.Errorf("%s: no error for the client", path)
		}
	}
	if _, got := r.do(client, "GET", s.url("/hello"), nil); got != "hello" {
		r.Errorf("got %q", got)
	}
}

// clientCutOff: an answer that is not whole is an error for the client.
func clientCutOff(r *rig) {
	s := r.handle(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/length" {
			w.Header().Set("Content-Length", "100")
		}
		io.WriteString(w, "some")
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	for _, path := range []string{"/length", "/chunks"} {
		resp, err := r.client().Get(s.url(path))
		r.check(err)
		b, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if string(b) != "some" || err == nil {
			r.Errorf("%s: got %q, %v", path, b, err)
		}
	}
}

func clientReuses(r *rig) {
	s := r.handle(func(w http.ResponseWriter, req *http.Request) { io.WriteString(w, req.RemoteAddr) })
	client := r.client()
	_, first := r.do(client, "GET", s.url("/"), nil)
	for i := range 50 {
		var body io.Reader
		if i%2 == 0 {
			body = strings.NewReader(strings.Repeat("nobody reads it", i))
		}
		if _, got := r.do(client, "POST", s.url("/"), body); got != first {
			r.Fatalf("request %d comes from %s, the first from %s", i, got, first)
		}
	}
}

func clientCompressed(r *rig) {
	text := strings.Repeat("again and ", 1000)
	s := r.handle(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Encoding", req.Header.Get("Accept-Encoding"))
		z := gzip.NewWriter(w)
		defer z.Close()
		io.WriteString(z, text)
	})
	client := r.client()
	client.Transport.(*http.Transport).DisableCompression = false
	if resp, got := r.do(client, "GET", s.url("/"), nil); got != text || !resp.Uncompressed {
		r.Errorf("got %d bytes, uncompressed %v", len(got), resp.Uncompressed)
	}
}

func clientForm(r *rig) {
	file := pattern(100_000)
	s := r.handle(func(w http.ResponseWriter, req *http.Request) {
		f, head, err := req.FormFile("file")
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		defer req.MultipartForm.RemoveAll()
		b, err := io.ReadAll(f)
		fmt.Fprint(w, req.FormValue("name"), " ", head.Filename, " ", string(b) == file, " ", err)
	})
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	form.WriteField("name", "value")
	part, err := form.CreateFormFile("file", "file.bin")
	r.check(err)
	io.WriteString(part, file)
	r.check(form.Close())
	_, got := r.do(r.client(), "POST", s.url("/"), &body, func(req *http.Request) { req.Header.Set("Content-Type", form.FormDataContentType()) })
	if got != "value file.bin true <nil>" {
		r.Errorf("got %q", got)
	}
}

func clientCookies(r *rig) {
	s := r.handle(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/set" {
			http.SetCookie(w, &http.Cookie{Name: "a", Value: "1", Path: "/"})
			http.Redirect(w, req, "/got?q", http.StatusSeeOther)
			return
		}
		k, err := req.Cookie("a")
		fmt.Fprint(w, req.Method, " ", req.URL, " ", k, " ", err)
	})
	client := r.client()
	client.CheckRedirect = nil
	jar, err := cookiejar.New(nil)
	r.check(err)
	client.Jar = jar
	if _, got := r.do(client, "POST", s.url("/set"), strings.NewReader("x")); got != "GET /got?q a=1 <nil>" {
		r.Errorf("got %q", got)
	}
}

// clientUpgrade goes on with another protocol.
func clientUpgrade(r *rig) {
	s := r.handle(func(w http.ResponseWriter, req *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			r.Error(err)
			return
		}
		defer conn.Close()
		io.WriteString(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		rw.Flush()
		io.Copy(conn, rw)
	})
	req, err := http.NewRequestWithContext(r.soon(), "GET", s.url("/"), nil)
	r.check(err)
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "echo")
	r.upgraded(r.client(), req)
}

// upgraded sends a request that becomes an echo.
func (r *rig) upgraded(client *http.Client, req *http.Request) {
	r.Helper()
	resp, err := client.Do(req)
	r.check(err)
	rwc, ok := resp.Body.(io.ReadWriteCloser)
	if resp.StatusCode != http.StatusSwitchingProtocols || !ok {
		r.Fatalf("got %s, a %T", resp.Status, resp.Body)
	}
	defer rwc.Close()
	for i := range 10 {
		text := fmt.Sprint("message ", i)
		_, err := io.WriteString(rwc, text)
		r.check(err)
		got := make([]byte, len(text))
		_, err = io.ReadFull(rwc, got)
		r.check(err)
		if string(got) != text {
			r.Fatalf("got %q, want %q", got, text)
		}
	}
}

// clientEarly answers before the body has come, and stays for the next request.
func clientEarly(r *rig) {
	s := r.handle(func(w http.ResponseWriter, req *http.Request) {
		http.NewResponseController(w).EnableFullDuplex()
		io.WriteString(w, "early")
		http.NewResponseController(w).Flush()
		io.Copy(io.Discard, req.Body)
	})
	c := s.dial()
	for range 2 {
		c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n")
		resp, err := http.ReadResponse(c.in, nil)
		r.check(err)
		buf := make([]byte, 5)
		_, err = io.ReadFull(resp.Body, buf)
		r.check(err)
		c.send("abc")
		rest, err := io.ReadAll(resp.Body)
		r.check(err)
		if string(buf)+string(rest) != "early" {
			r.Errorf("got %q and %q", buf, rest)
		}
	}
}
