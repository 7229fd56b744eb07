// Package servers puts http.Server and web.Server behind one interface, so that the
// same test can be told about both.
package servers

import (
	"context"
	"crypto/tls"
	"log"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Config is what a server is made of. The fields are those of http.Server.
type Config struct {
	Addr              string
	Handler           http.Handler
	TLSConfig         *tls.Config
	ReadTimeout       time.Duration
	ReadHeaderTimeout time.Duration
	WriteTimeout      time.Duration
	IdleTimeout       time.Duration
	MaxHeaderBytes    int
	ConnState         func(net.Conn, http.ConnState)
	ErrorLog          *slog.Logger // nil is silence: what a server says of bad requests is of no interest to most tests
	BaseContext       func(net.Listener) context.Context
	ConnContext       func(ctx context.Context, c net.Conn) context.Context
	Protocols         *http.Protocols
	HTTP2             *http.HTTP2Config
}

// A Server has the methods of http.Server that web.Server has too.
type Server interface {
	ListenAndServe() error
	Serve(net.Listener) error
	ServeTLS(l net.Listener, certFile, keyFile string) error
	Shutdown(context.Context) error
	Close() error
	RegisterOnShutdown(func())
}

// KeepAliver is what a server may be besides.
type KeepAliver interface {
	SetKeepAlivesEnabled(bool)
}

// A Maker makes servers of one kind.
type Maker func(Config) Server

// Standard makes the servers of net/http.
func Standard(c Config) Server {
	return &http.Server{
		Addr:              c.Addr,
		Handler:           c.Handler,
		TLSConfig:         c.TLSConfig,
		ReadTimeout:       c.ReadTimeout,
		ReadHeaderTimeout: c.ReadHeaderTimeout,
		WriteTimeout:      c.WriteTimeout,
		IdleTimeout:       c.IdleTimeout,
		MaxHeaderBytes:    c.MaxHeaderBytes,
		ConnState:         c.ConnState,
		ErrorLog:          logger(c.ErrorLog),
		BaseContext:       c.BaseContext,
		ConnContext:       c.ConnContext,
		Protocols:         c.Protocols,
		HTTP2:             c.HTTP2,
	}
}

func logger(l *slog.Logger) *log.Logger {
	if l == nil {
		l = slog.New(slog.DiscardHandler)
	}
	return slog.NewLogLogger(l.Handler(), slog.LevelError)
}
