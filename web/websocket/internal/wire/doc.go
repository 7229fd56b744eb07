// Package wire is the WebSocket protocol without I/O: frames (RFC 6455, section 5), the
// state machine of what a peer sends, compression of messages (RFC 7692), and the
// headers of the opening handshake. It is fed bytes and returns bytes, and is tested
// with slices.
package wire
