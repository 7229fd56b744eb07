package tls13

import (
	"crypto/tls"
	"fmt"
	"net"
	"slices"
)

// The types of records: RFC 8446, section 5.1.
const (
	typeChangeCipherSpec byte = 20
	typeAlert            byte = 21
	typeHandshake        byte = 22
	typeData             byte = 23
)

const (
	// HeaderSize is the size of a record's header.
	HeaderSize = 5
	// MaxData is the most that one record carries.
	MaxData = 1 << 14
	// MaxPayload is the most that may follow a header: RFC 8446, section 5.2.
	MaxPayload = MaxData + 256
	// Overhead is how much larger a record is than what it carries.
	Overhead = HeaderSize + 1 + overhead

	version = 0x0303 // which all records claim
)

// The alerts that are sent: RFC 8446, section 6.
const (
	alertCloseNotify       tls.AlertError = 0
	alertUnexpectedMessage tls.AlertError = 10
	alertBadRecordMAC      tls.AlertError = 20
	alertRecordOverflow    tls.AlertError = 22
	alertDecodeError       tls.AlertError = 50
	alertProtocolVersion   tls.AlertError = 70
	alertUserCanceled      tls.AlertError = 90
)

// payloadSize returns how many bytes follow a header. If it is none of a record, it
// returns the alert for the peer and the error besides.
func payloadSize(header []byte) (n int, a tls.AlertError, err error) {
	if v := uint16(header[1])<<8 | uint16(header[2]); v != version {
		return 0, alertProtocolVersion, headerError(header, fmt.Sprintf("received record with version %x when expecting version %x", v, version))
	}
	if n = int(header[3])<<8 | int(header[4]); n > MaxPayload {
		return 0, alertRecordOverflow, headerError(header, fmt.Sprintf("oversized record received with length %d", n))
	}
	return n, 0, nil
}

func headerError(header []byte, msg string) error {
	return tls.RecordHeaderError{Msg: msg, RecordHeader: [5]byte(header)}
}

func localError(a tls.AlertError) error  { return &net.OpError{Op: "local error", Err: a} }
func remoteError(a tls.AlertError) error { return &net.OpError{Op: "remote error", Err: a} }

// seal appends a record to out.
func (h *half) seal(c *Ciphers, out []byte, typ byte, data []byte) []byte {
	n := len(data) + 1 + overhead
	out = slices.Grow(out, HeaderSize+n)
	out = append(out, typeData, version>>8, version&0xff, byte(n>>8), byte(n))
	header := out[len(out)-HeaderSize:]
	body := append(append(out[len(out):], data...), typ)
	body = c.get(h).Seal(body[:0], h.nonce(&c.nonce), body, header)
	h.seq++
	return out[:len(out)+len(body)]
}

// open decrypts a record in its place, and removes the padding. A record that can't
// be opened ends the session, with the alert that is returned; it is 0 else.
func (h *half) open(c *Ciphers, record []byte) (typ byte, data []byte, a tls.AlertError) {
	header, body := record[:HeaderSize], record[HeaderSize:]
	if header[0] != typeData {
		return 0, nil, alertUnexpectedMessage
	}
	data, err := c.get(h).Open(body[:0], h.nonce(&c.nonce), body, header)
	if err != nil {
		return 0, nil, alertBadRecordMAC
	}
	h.seq++
	if len(data) > MaxData+1 {
		return 0, nil, alertRecordOverflow
	}
	for len(data) > 0 {
		last := len(data) - 1
		typ, data = data[last], data[:last]
		if typ != 0 {
			return typ, data, 0
		}
	}
	return 0, nil, alertUnexpectedMessage // nothing but padding
}
