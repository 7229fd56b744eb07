package web_test

import (
	"log/slog"
	"testing"

	"rondo.dev/rondo/web"
	"rondo.dev/rondo/web/internal/oracle"
	"rondo.dev/rondo/web/internal/servers"
	"rondo.dev/rondo/web/internal/servertest"
)

// TestOracle compares the server with net/http's, conversation by conversation.
func TestOracle(t *testing.T) { oracle.Test(t, plain, "testdata/differences.txt") }

// TestOracle2 compares the server with net/http's in HTTP/2.
func TestOracle2(t *testing.T) { oracle.Test2(t, plain, "testdata/differences2.txt") }

// TestServer2 has those of the tests that are about requests in HTTP/2.
func TestServer2(t *testing.T) { servertest.Test2(t, plain) }

// TestServer has the tests that net/http's server passes, too.
func TestServer(t *testing.T) { servertest.Test(t, plain) }

// plain makes a server with nothing but what http.Server has.
func plain(c servers.Config) servers.Server {
	if c.ErrorLog == nil {
		c.ErrorLog = slog.New(slog.DiscardHandler)
	}
	return &web.Server{
		Addr:              c.Addr,
		Handler:           c.Handler,
		TLSConfig:         c.TLSConfig,
		ReadTimeout:       c.ReadTimeout,
		ReadHeaderTimeout: c.ReadHeaderTimeout,
		WriteTimeout:      c.WriteTimeout,
		IdleTimeout:       c.IdleTimeout,
		MaxHeaderBytes:    c.MaxHeaderBytes,
		ConnState:         c.ConnState,
		ErrorLog:          c.ErrorLog,
		BaseContext:       c.BaseContext,
		ConnContext:       c.ConnContext,
		Protocols:         c.Protocols,
		HTTP2:             c.HTTP2,
	}
}
