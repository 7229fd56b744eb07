package web

import (
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"slices"
)

// standard returns a server of package net/http that is s as far as it can be: what
// handlers get who ask for it, and what serves listeners that no loop can take over.
func (s *Server) standard() *http.Server {
	return &http.Server{
		Addr:                         s.Addr,
		Handler:                      s.Handler,
		TLSConfig:                    s.TLSConfig,
		ReadTimeout:                  limit(s.ReadTimeout, 0),
		ReadHeaderTimeout:            s.headLimit(),
		WriteTimeout:                 limit(s.WriteTimeout, 0),
		IdleTimeout:                  s.idleLimit(),
		MaxHeaderBytes:               s.MaxHeaderBytes,
		Protocols:                    s.Protocols,
		HTTP2:                        s.HTTP2,
		ConnState:                    s.ConnState,
		ErrorLog:                     slog.NewLogLogger(s.logger().Handler(), slog.LevelError),
		BaseContext:                  s.BaseContext,
		ConnContext:                  s.ConnContext,
		DisableGeneralOptionsHandler: s.DisableGeneralOptionsHandler,
	}
}

// serveStandard serves what comes to a listener that no loop can take over, on goroutines
// and by package net/http. Shutdown and Close end it like the rest.
func (s *Server) serveStandard(l net.Listener, config *tls.Config) error {
	std := s.standard()
	std.SetKeepAlivesEnabled(!s.keepAlivesOff.Load())
	s.mu.Lock()
	if s.stopping {
		s.mu.Unlock()
		return http.ErrServerClosed
	}
	s.standards = append(s.standards, std)
	s.mu.Unlock()
	if config != nil {
		std.TLSConfig = config
		return std.ServeTLS(l, "", "")
	}
	return std.Serve(l)
}

// besides returns the servers of serveStandard.
func (s *Server) besides() []*http.Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.standards)
}
