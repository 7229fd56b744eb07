package web

import (
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"slices"
)

// serveElsewhere serves what comes to a listener that no loop can take over, on goroutines
// and by package net/http.
func (s *Server) serveElsewhere(l net.Listener, config *tls.Config) error {
	std := &http.Server{
		Handler:                      s.Handler,
		TLSConfig:                    config,
		ReadTimeout:                  limit(s.ReadTimeout, 0),
		ReadHeaderTimeout:            s.headLimit(),
		WriteTimeout:                 limit(s.WriteTimeout, 0),
		IdleTimeout:                  s.idleLimit(),
		MaxHeaderBytes:               s.MaxHeaderBytes,
		TLSNextProto:                 map[string]func(*http.Server, *tls.Conn, http.Handler){}, // HTTP/1.1 only
		ConnState:                    s.ConnState,
		ErrorLog:                     slog.NewLogLogger(s.logger().Handler(), slog.LevelError),
		BaseContext:                  s.BaseContext,
		ConnContext:                  s.ConnContext,
		DisableGeneralOptionsHandler: s.DisableGeneralOptionsHandler,
	}
	std.SetKeepAlivesEnabled(!s.keepAlivesOff.Load())
	s.mu.Lock()
	if s.stopping {
		s.mu.Unlock()
		l.Close()
		return http.ErrServerClosed
	}
	s.others = append(s.others, std)
	s.mu.Unlock()
	defer l.Close()
	if config != nil {
		return std.ServeTLS(l, "", "")
	}
	return std.Serve(l)
}

// elsewhere returns the servers that serve so.
func (s *Server) elsewhere() []*http.Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.others)
}
