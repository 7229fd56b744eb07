package web

import (
	"crypto/tls"
	"net/http"
	"slices"
	"strings"

	"rondo.dev/rondo/web/internal/http2"
)

// protocols is what is spoken.
func (s *Server) protocols() (p http.Protocols) {
	if s.Protocols != nil {
		return *s.Protocols
	}
	p.SetHTTP1(true)
	p.SetHTTP2(true)
	return p
}

// nextProtos is what is agreed on by ALPN: what the user lists, in that order, without what is
// not spoken here, and what is spoken besides.
func nextProtos(list []string, p http.Protocols) []string {
	spoken := map[string]bool{"h2": p.HTTP2(), "http/1.1": p.HTTP1()}
	list = slices.DeleteFunc(slices.Clone(list), func(name string) bool {
		is, known := spoken[name]
		return known && !is
	})
	for _, name := range []string{"h2", "http/1.1"} {
		if spoken[name] && !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

// headListSlop is what net/http adds to the limit of a head for HTTP/2, which counts 32 bytes
// more for each field than a line needs.
const headListSlop = 32 * 10

// multiplexing is what connections of HTTP/2 allow.
func (s *Server) multiplexing() (c http2.Config) {
	c.MaxHead = s.maxHead() + headListSlop
	if h := s.HTTP2; h != nil {
		c.MaxStreams = h.MaxConcurrentStreams
		c.MaxFrame = h.MaxReadFrameSize
		c.ConnWindow = window(h.MaxReceiveBufferPerConnection)
		c.StreamWindow = window(h.MaxReceiveBufferPerStream)
		c.DecoderTable = table(h.MaxDecoderHeaderTableSize)
		c.EncoderTable = table(h.MaxEncoderHeaderTableSize)
	}
	c.Fill()
	return c
}

func window(n int) int32 {
	if n <= 0 || n >= 4<<20 {
		return 0
	}
	return int32(n)
}

func table(n int) uint32 { return uint32(window(n)) }

// prior reports whether these first bytes of a connection are HTTP/2 that was not agreed
// on, or may be (RFC 9113, section 3.3).
func (c *connection) prior(data []byte) bool {
	if !c.shard.multi.prior || c.rare != nil && c.rare.tls != nil {
		return false
	}
	n := min(len(data), len(http2.Preface))
	return strings.HasPrefix(http2.Preface, string(data[:n]))
}

// prohibited reports whether a connection's cipher suite is one of those that HTTP/2 must not
// be spoken with (RFC 9113, section 9.2.2 and appendix A). Those of crypto/tls that may be
// are few.
func prohibited(state *tls.ConnectionState) bool {
	switch {
	case state.Version >= tls.VersionTLS13:
		return false
	case state.Version < tls.VersionTLS12:
		return true
	}
	switch state.CipherSuite {
	case tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256:
		return false
	}
	return true
}
