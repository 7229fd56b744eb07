package sse_test

import (
	"bufio"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/timer"
	"rondo.dev/rondo/web"
	"rondo.dev/rondo/web/sse"
)

func TestAppend(t *testing.T) {
	for _, c := range []struct {
		event sse.Event
		want  string
	}{
		{sse.Event{}, "data: \n\n"},
		{sse.Event{Data: "hello"}, "data: hello\n\n"},
		{sse.Event{Data: "a\nb\r\nc\rd\n"}, "data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n"},
		{sse.Event{ID: "7", Type: "news", Data: "x", Retry: 2500 * time.Millisecond}, "event: news\nid: 7\nretry: 2500\ndata: x\n\n"},
		{sse.Event{ID: "a\nb"}, ""},
		{sse.Event{ID: "a\x00"}, ""},
		{sse.Event{Type: "a\rb"}, ""},
	} {
		got, err := c.event.Append(nil)
		if string(got) != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%+v: got %q, %v", c.event, got, err)
		}
	}
}

func handlers() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/task", web.Async(func(t *async.Task, w http.ResponseWriter, r *http.Request) error {
		s, err := sse.Start(w, r)
		if err != nil {
			return err
		}
		if err := s.Ping(t); err != nil {
			return err
		}
		for _, text := range []string{"one", "two " + s.LastID} {
			if err := s.Send(t, sse.Event{Data: text}); err != nil {
				return err
			}
			if err := timer.Sleep(time.Millisecond).Await(t); err != nil {
				return err
			}
		}
		return nil
	}))
	mux.HandleFunc("/goroutine", func(w http.ResponseWriter, r *http.Request) {
		s, err := sse.Start(w, r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		s.WritePing()
		s.Write(sse.Event{Data: "one"})
		s.Write(sse.Event{Data: "two " + s.LastID})
	})
	return mux
}

// check asks for events as a page does.
func check(t *testing.T, url string) {
	t.Helper()
	for _, path := range []string{"/task", "/goroutine"} {
		r, err := http.NewRequest("GET", url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", "text/event-stream")
		r.Header.Set("Last-Event-ID", "42")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(bufio.NewReader(resp.Body))
		if want := ":\n\ndata: one\n\ndata: two 42\n\n"; string(b) != want || err != nil {
			t.Errorf("%s: got %q, %v", path, b, err)
		}
		if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
			t.Error(got)
		}
		r.Header.Set("Accept", "text/html, image/*;q=0.1")
		if resp, err := http.DefaultClient.Do(r); err != nil || resp.StatusCode != 500 {
			t.Error(resp, err)
		} else {
			resp.Body.Close()
		}
	}
}

// TestStandard: under net/http.
func TestStandard(t *testing.T) {
	if testing.Short() {
		t.Skip("it opens connections")
	}
	s := httptest.NewServer(handlers())
	defer s.Close()
	resp, err := http.Get(s.URL + "/goroutine")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, _ := io.ReadAll(resp.Body); !strings.Contains(string(b), "data: one") {
		t.Errorf("got %q", b)
	}
}
