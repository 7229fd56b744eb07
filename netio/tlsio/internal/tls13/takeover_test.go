package tls13

import (
	"bytes"
	"slices"
	"testing"
)

// A handshake is taken over with the right count, or not at all.
func TestTakeOver(t *testing.T) {
	suite := &aes128
	shaking, traffic, client := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32), bytes.Repeat([]byte{3}, 32)
	// flight is what a server writes: plain, sealed for the handshake, tickets.
	flight := func(sealed, tickets int, typ byte) []byte {
		var c Ciphers
		var before, after half
		before.start(suite, shaking)
		after.start(suite, traffic)
		b := []byte("\x16\x03\x03\x00\x02ab\x14\x03\x03\x00\x01\x01")
		for range sealed {
			b = before.seal(&c, b, typeHandshake, []byte("message"))
		}
		for range tickets {
			b = after.seal(&c, b, typ, []byte("ticket"))
		}
		return b
	}
	good := flight(4, 1, typeHandshake)
	for name, c := range map[string]struct {
		h    Handshake
		want int // written records, or none
	}{
		"a ticket":        {Handshake{suite, shaking, client, traffic, good}, 1},
		"no ticket":       {Handshake{suite, shaking, client, traffic, flight(4, 0, 0)}, 0},
		"three":           {Handshake{suite, shaking, client, traffic, flight(1, 3, typeHandshake)}, 3},
		"data":            {Handshake{suite, shaking, client, traffic, flight(4, 1, typeData)}, -1},
		"nothing sealed":  {Handshake{suite, shaking, client, traffic, flight(0, 0, 0)}, -1},
		"nothing":         {Handshake{suite, shaking, client, traffic, nil}, -1},
		"only tickets":    {Handshake{suite, shaking, client, traffic, flight(0, 2, typeHandshake)}, -1},
		"cut off":         {Handshake{suite, shaking, client, traffic, good[:len(good)-1]}, -1},
		"cut in a header": {Handshake{suite, shaking, client, traffic, append(slices.Clone(good), 23, 3)}, -1},
		"again":           {Handshake{suite, shaking, client, traffic, append(slices.Clone(good), good[len(good)-20:]...)}, -1},
		"no secret":       {Handshake{suite, nil, client, traffic, good}, -1},
		"no client's":     {Handshake{suite, shaking, nil, traffic, good}, -1},
		"no server's":     {Handshake{suite, shaking, client, nil, good}, -1},
		"another secret":  {Handshake{suite, shaking, traffic, client, good}, -1},
		"another suite":   {Handshake{&aes256, shaking, client, traffic, good}, -1},
	} {
		written := slices.Clone(c.h.Written)
		var ciphers Ciphers
		s, ok := TakeOver(&ciphers, c.h)
		if ok != (c.want >= 0) {
			t.Errorf("%s: taken over: %t", name, ok)
		}
		if ok && s.out.seq != uint64(c.want) {
			t.Errorf("%s: %d records were written, not %d", name, s.out.seq, c.want)
		}
		if !ok && len(ciphers.kept) != 0 {
			t.Errorf("%s: %d ciphers are left", name, len(ciphers.kept))
		}
		if !bytes.Equal(c.h.Written, written) {
			t.Errorf("%s: what was written was changed", name)
		}
	}
}
