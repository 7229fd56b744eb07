package websocket

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"rondo.dev/rondo/web/websocket/internal/wire"
)

// A HandshakeError says why there is no connection: to a server what is wrong with a
// request, and to a client what is wrong with the response.
type HandshakeError struct {
	// Status is that of the response.
	Status int
	Reason string
}

func (e *HandshakeError) Error() string {
	return fmt.Sprintf("websocket: handshake failed (%d): %s", e.Status, e.Reason)
}

func refusal(status int, reason string) *HandshakeError { return &HandshakeError{status, reason} }

// agreement is what a client and a server have agreed on.
type agreement struct {
	subprotocol string
	deflate     wire.Deflate
}

// judge looks at a request (RFC 6455, section 4.2.1), and returns the response to it
// but for what the handler adds.
func judge(r *http.Request, opts *Options) (a agreement, answer http.Header, err *HandshakeError) {
	h := r.Header
	keys := h.Values("Sec-Websocket-Key")
	switch {
	case r.Method != http.MethodGet:
		return a, nil, refusal(http.StatusMethodNotAllowed, "the method is not GET")
	case !r.ProtoAtLeast(1, 1) || r.ProtoMajor > 1:
		return a, nil, refusal(http.StatusHTTPVersionNotSupported, "this is not HTTP/1.1")
	case !wire.HasToken(h.Values("Connection"), "upgrade"), !wire.HasToken(h.Values("Upgrade"), "websocket"):
		return a, nil, refusal(http.StatusUpgradeRequired, "this is for WebSocket")
	case len(h.Values("Sec-Websocket-Version")) != 1 || h.Get("Sec-Websocket-Version") != wire.Version:
		return a, nil, refusal(http.StatusUpgradeRequired, "the version of WebSocket is not 13")
	case len(keys) != 1 || !wire.ValidKey(strings.TrimSpace(keys[0])):
		return a, nil, refusal(http.StatusBadRequest, "there is no valid Sec-WebSocket-Key")
	case r.ContentLength > 0 || len(r.TransferEncoding) > 0:
		return a, nil, refusal(http.StatusBadRequest, "the request has a body")
	}
	check := opts.CheckOrigin
	if check == nil {
		check = SameOrigin
	}
	if !check(r) {
		return a, nil, refusal(http.StatusForbidden, "the page that asks is of another origin")
	}
	offers, ok := wire.ParseExtensions(h.Values("Sec-Websocket-Extensions"))
	if !ok {
		return a, nil, refusal(http.StatusBadRequest, "the offer of extensions is malformed")
	}
	answer = http.Header{
		"Upgrade":              {"websocket"},
		"Connection":           {"Upgrade"},
		"Sec-WebSocket-Accept": {wire.Accept(strings.TrimSpace(keys[0]))},
	}
	if a.subprotocol = choose(opts.Subprotocols, h.Values("Sec-Websocket-Protocol")); a.subprotocol != "" {
		answer["Sec-WebSocket-Protocol"] = []string{a.subprotocol}
	}
	if !opts.NoCompression {
		var response string
		if a.deflate, response = wire.Agree(offers); response != "" {
			answer["Sec-WebSocket-Extensions"] = []string{response}
		}
	}
	return a, answer, nil
}

// choose returns the first of ours that the client would like to, or "".
func choose(ours, theirs []string) string {
	for _, p := range ours {
		for t := range wire.Tokens(theirs) {
			if t == p {
				return p
			}
		}
	}
	return ""
}

// SameOrigin reports whether a request comes from a page of the host that it asks, or
// from no page at all: it has an Origin whose host and port are those of Host, or none.
func SameOrigin(r *http.Request) bool {
	origin := r.Header.Values("Origin")
	if len(origin) == 0 {
		return true
	}
	u, err := url.Parse(origin[0])
	return err == nil && len(origin) == 1 && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}

// refuse answers a request that is none for a connection.
func refuse(w http.ResponseWriter, err *HandshakeError) {
	h := w.Header()
	switch err.Status {
	case http.StatusUpgradeRequired: // RFC 9110, section 15.5.22; RFC 6455, section 4.4
		h.Set("Upgrade", "websocket")
		h.Set("Connection", "Upgrade")
		h.Set("Sec-WebSocket-Version", wire.Version)
	case http.StatusMethodNotAllowed:
		h.Set("Allow", http.MethodGet)
	}
	http.Error(w, err.Reason, err.Status)
}

// response is the response that makes a connection of a request: what the protocol asks
// for, and what the handler has put into the header besides.
func response(answer, extra http.Header) []byte {
	var b strings.Builder
	b.WriteString("HTTP/1.1 101 Switching Protocols\r\n")
	answer.Write(&b)
	extra.WriteSubset(&b, reserved)
	b.WriteString("\r\n")
	return []byte(b.String())
}

// reserved are the fields of the response that are not the handler's to choose.
var reserved = map[string]bool{
	"Connection": true, "Upgrade": true, "Content-Length": true, "Transfer-Encoding": true,
	"Content-Type": true, "Sec-Websocket-Accept": true, "Sec-Websocket-Protocol": true,
	"Sec-Websocket-Extensions": true, "Sec-Websocket-Version": true,
}
