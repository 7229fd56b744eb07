package web_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/timer"
	"rondo.dev/rondo/web"
)

func TestHello(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello/{name}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "Hello, %s!\n", r.PathValue("name"))
	})
	mux.HandleFunc("POST /echo", func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).EnableFullDuplex() // else the rest of the body is read when the response begins
		io.Copy(w, r.Body)
	})
	mux.Handle("GET /slow/{n}", web.Async(func(t *async.Task, w http.ResponseWriter, r *http.Request) error {
		if err := timer.Sleep(time.Millisecond).Await(t); err != nil {
			return err
		}
		_, err := io.WriteString(w, "slow "+r.PathValue("n"))
		return err
	}))
	addr := serve(t, &web.Server{Handler: mux})
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}
	defer client.CloseIdleConnections()
	get := func(resp *http.Response, err error) string {
		if err != nil {
			t.Error(err)
			return ""
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Error(err)
		}
		return string(b)
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for i := range 25 {
				if got := get(client.Get("http://" + addr + "/hello/you")); got != "Hello, you!\n" {
					t.Errorf("%q", got)
				}
				want := strings.Repeat("0123456789", i*1000)
				if got := get(client.Post("http://"+addr+"/echo", "text/plain", strings.NewReader(want))); got != want {
					t.Errorf("%d bytes of %d", len(got), len(want))
				}
				if got := get(client.Get("http://" + addr + "/slow/" + fmt.Sprint(i))); got != "slow "+fmt.Sprint(i) {
					t.Errorf("%q", got)
				}
			}
		})
	}
	wg.Wait()
}

// TestDate: the Date of a response is that of its head, not of its request.
func TestDate(t *testing.T) {
	begun := make(chan int64, 1)
	s := &web.Server{Protocols: protocols(http1, prior), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for before := time.Now().Unix(); time.Now().Unix() == before; {
			time.Sleep(time.Millisecond)
		}
		begun <- time.Now().Unix()
		io.WriteString(w, "ok")
	})}
	addr := serve(t, s)
	for _, c := range []*http.Client{{}, client2(t)} {
		resp, err := c.Get("http://" + addr)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if date, err := http.ParseTime(resp.Header.Get("Date")); err != nil || date.Unix() < <-begun {
			t.Errorf("%s: %v, %v", resp.Proto, date, err)
		}
		c.CloseIdleConnections()
	}
}

// TestUnixRemoteAddr: a Unix socket without a name is called what net/http calls it.
func TestUnixRemoteAddr(t *testing.T) {
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	s := &web.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.RemoteAddr) })}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	conn, err := net.Dial("unix", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if got := (&client{t, conn, bufio.NewReader(conn)}).get("/"); got != "@" {
		t.Errorf("%q", got)
	}
	s.Close()
	<-done
}
