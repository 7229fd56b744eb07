// Package tls13 is the record layer of TLS 1.3 after the handshake, for a server:
// RFC 8446, section 5, and what of section 4.6 and 6 happens then. It does no I/O:
// records come in as byte slices, and go out appended to one.
//
// A [Session] starts from the traffic secrets of a finished handshake. It keeps
// those, the keys and two counters, and no cipher: a cipher is made of a key when a
// record comes or goes, and [Ciphers], which the sessions of a loop share, keeps
// those that were used lately.
//
//	s, ok := tls13.TakeOver(ciphers, handshake)
//	out = s.Seal(out, data)
//	out, data, err = s.Open(out, record)
//
// Where RFC 8446 leaves a choice:
//
//   - A KeyUpdate that the peer asks for is made just before the next application
//     data, so that a peer which only asks makes the session write nothing.
//   - The session changes its own keys after 2^24 records.
//   - At most 16 records in a row may bring nothing: no data, user_canceled, or new
//     keys.
//   - Padding is removed, and never added.
//
// Errors are those of crypto/tls: a *net.OpError that says "remote error" or "local
// error" with a tls.AlertError in it, a tls.RecordHeaderError, and io.EOF for
// close_notify.
package tls13
