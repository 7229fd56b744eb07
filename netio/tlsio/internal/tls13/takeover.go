package tls13

// Handshake is what a server's handshake has left behind. Nothing of it is kept.
type Handshake struct {
	Suite *Suite

	// The secrets by their names in a key log: server_handshake_traffic_secret and
	// the first application secrets of both sides.
	ServerHandshake, ClientTraffic, ServerTraffic []byte

	// Written is all that the server has written, as records.
	Written []byte
}

// TakeOver returns the session that goes on from a handshake, whose last act was to
// read the client's Finished: so no record was read under the client's application
// secret. How many were written under the server's, tickets for resumption, is found
// by opening every record that was written: those of the handshake come first, and
// all others must open under the application secret, in order. If one does not, or
// anything is missing, ok is false.
func TakeOver(c *Ciphers, h Handshake) (s *Session, ok bool) {
	size := h.Suite.size
	if len(h.ServerHandshake) != size || len(h.ClientTraffic) != size || len(h.ServerTraffic) != size {
		return nil, false
	}
	s = &Session{ciphers: c}
	s.in.start(h.Suite, h.ClientTraffic)
	s.out.start(h.Suite, h.ServerTraffic)
	var shaking half
	shaking.start(h.Suite, h.ServerHandshake)
	defer shaking.clear(c)
	if !s.catchUp(&shaking, h.Written) {
		s.Close()
		return nil, false
	}
	return s, true
}

// catchUp opens what was written, and thereby counts.
func (s *Session) catchUp(shaking *half, written []byte) (ok bool) {
	var scratch []byte
	opens := func(h *half, record []byte) bool {
		scratch = append(scratch[:0], record...) // it is opened in its place
		typ, _, a := h.open(s.ciphers, scratch)
		return a == 0 && typ == typeHandshake
	}
	for len(written) > 0 {
		if len(written) < HeaderSize {
			return false
		}
		n, _, err := payloadSize(written)
		if err != nil || len(written) < HeaderSize+n {
			return false
		}
		record := written[:HeaderSize+n]
		written = written[len(record):]
		if record[0] != typeData {
			continue // not sealed: the first messages, and what looks like TLS 1.2
		}
		if (s.out.seq > 0 || !opens(shaking, record)) && !opens(&s.out, record) {
			return false
		}
	}
	return shaking.seq > 0
}
