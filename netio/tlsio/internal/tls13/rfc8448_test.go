package tls13

import (
	"bytes"
	"crypto/tls"
	"encoding/hex"
	"io"
	"strings"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The trace of RFC 8448, section 3, from the end of the handshake on. The server has
// written a ticket before.
func TestRFC8448(t *testing.T) {
	s := &Session{ciphers: new(Ciphers)}
	s.in.start(SuiteByID(tls.TLS_AES_128_GCM_SHA256), unhex(t, `
		9e 40 64 6c e7 9a 7f 9d c0 5a f8 88 9b ce 65 52
		87 5a fa 0b 06 df 00 87 f7 92 eb b7 c1 75 04 a5`))
	s.out.start(SuiteByID(tls.TLS_AES_128_GCM_SHA256), unhex(t, `
		a1 1a f9 f0 55 31 f8 56 ad 47 11 6b 45 a9 50 32
		82 04 b4 f4 4b fb 6b 3a 4b 4f 1f 3f cb 63 16 43`))
	s.out.seq = 1
	for _, c := range []struct {
		name string
		got  []byte
		want string
	}{
		{"client key", s.in.key[:16], "17 42 2d da 59 6e d5 d9 ac d8 90 e3 c6 3f 50 51"},
		{"client iv", s.in.iv[:], "5b 78 92 3d ee 08 57 90 33 e5 23 d9"},
		{"server key", s.out.key[:16], "9f 02 28 3b 6c 9c 07 ef c2 6b b9 f2 ac 92 e3 56"},
		{"server iv", s.out.iv[:], "cf 78 2b 88 dd 83 54 9a ad f1 e9 84"},
	} {
		if !bytes.Equal(c.got, unhex(t, c.want)) {
			t.Errorf("%s: %x", c.name, c.got)
		}
	}
	data := make([]byte, 50)
	for i := range data {
		data[i] = byte(i)
	}
	sent, got, err := s.Open(nil, unhex(t, `17 03 03 00 43
		a2 3f 70 54 b6 2c 94 d0 af fa fe 82 28 ba 55 cb ef ac ea 42 f9 14 aa 66 bc ab 3f 2b 98 19 a8 a5
		b4 6b 39 5b d5 4a 9a 20 44 1e 2b 62 97 4e 1f 5a 62 92 a2 97 70 14 bd 1e 3d ea e6 3a ee bb 21 69
		49 15 e4`))
	if sent != nil || err != nil || !bytes.Equal(got, data) {
		t.Errorf("got %x, %v, and sent %x", got, err, sent)
	}
	if sent = s.Seal(nil, data); !bytes.Equal(sent, unhex(t, `17 03 03 00 43
		2e 93 7e 11 ef 4a c7 40 e5 38 ad 36 00 5f c4 a4 69 32 fc 32 25 d0 5f 82 aa 1b 36 e3 0e fa f9 7d
		90 e6 df fc 60 2d cb 50 1a 59 a8 fc c4 9c 4b f2 e5 f0 a2 1c 00 47 c2 ab f3 32 54 0d d0 32 e1 67
		c2 95 5d`)) {
		t.Errorf("sealed %x", sent)
	}
	if _, _, err = s.Open(nil, unhex(t, "17 03 03 00 13 c9 87 27 60 65 56 66 b7 4d 7f f1 15 3e fd 6d b6 d0 b0 e3")); err != io.EOF {
		t.Errorf("the client's close_notify: %v", err)
	}
	if sent, err = s.CloseWrite(nil); err != nil || !bytes.Equal(sent, unhex(t, "17 03 03 00 13 b5 8f d6 71 66 eb f5 99 d2 47 20 cf be 7e fa 7a 88 64 a9")) {
		t.Errorf("close_notify: %x, %v", sent, err)
	}
}
