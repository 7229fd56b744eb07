package sse_test

import (
	"log/slog"
	"net"
	"net/http/httptest"
	"testing"

	"rondo.dev/rondo/web"
)

// TestServers: tasks and goroutines send the same, on rondo's server and on net/http's.
func TestServers(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &web.Server{Handler: handlers(), ErrorLog: slog.New(slog.DiscardHandler)}
	go s.Serve(l)
	defer s.Close()
	check(t, "http://"+l.Addr().String())
	std := httptest.NewServer(handlers())
	defer std.Close()
	check(t, std.URL)
}
