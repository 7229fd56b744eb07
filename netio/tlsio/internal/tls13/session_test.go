package tls13

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"testing"
)

var suites = []*Suite{&aes128, &aes256}

// both returns the ends of one connection.
func both(suite *Suite, c *Ciphers) (server, client *Session) {
	a, b := bytes.Repeat([]byte{1}, suite.size), bytes.Repeat([]byte{2}, suite.size)
	server, client = &Session{ciphers: c}, &Session{ciphers: c}
	server.in.start(suite, a)
	client.out.start(suite, a)
	server.out.start(suite, b)
	client.in.start(suite, b)
	return server, client
}

// records cuts what was sent.
func records(t testing.TB, b []byte) (list [][]byte) {
	t.Helper()
	for len(b) > 0 {
		n, _, err := payloadSize(b)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, b[:HeaderSize+n])
		b = b[HeaderSize+n:]
	}
	return list
}

// take opens all that was sent, and returns the data, what was answered and the
// first error.
func take(t testing.TB, s *Session, b []byte) (data, sent []byte, err error) {
	t.Helper()
	for _, r := range records(t, b) {
		var d []byte
		if sent, d, err = s.Open(sent, r); err != nil {
			return data, sent, err
		}
		data = append(data, d...)
	}
	return data, sent, nil
}

// Data of any size, both ways, with new keys in between, asked for and not, by many
// sessions that compete for ciphers.
func TestTalk(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var c Ciphers
	type ends [2]*Session
	var all []ends
	for i := range maxKept/2 + 50 {
		server, client := both(suites[i%2], &c)
		all = append(all, ends{server, client})
	}
	message := make([]byte, 3*MaxData)
	for i := range message {
		message[i] = byte(rng.Uint32())
	}
	for range 6000 {
		e := all[rng.IntN(len(all))]
		from, to := e[0], e[1]
		if rng.IntN(2) == 0 {
			from, to = to, from
		}
		var sent []byte
		if rng.IntN(4) == 0 {
			sent = from.out.seal(&c, sent, typeHandshake, []byte{messageKeyUpdate, 0, 0, 1, byte(rng.IntN(2))})
			from.out.update(&c)
		}
		n := rng.IntN(200)
		if rng.IntN(20) == 0 {
			n = rng.IntN(len(message))
		}
		got, answer, err := take(t, to, from.Seal(sent, message[:n]))
		if err != nil || answer != nil || !bytes.Equal(got, message[:n]) {
			t.Fatalf("%d bytes of %d came, answer %x, %v", len(got), n, answer, err)
		}
	}
	for _, e := range all {
		e[0].Close()
		e[1].Close()
	}
	if len(c.kept) != 0 {
		t.Errorf("%d ciphers are kept for sessions that have been closed", len(c.kept))
	}
}

// A session changes its keys before a key has served too long.
func TestOwnKeyUpdate(t *testing.T) {
	suite := aes128
	suite.records = 3
	server, client := both(&suite, new(Ciphers))
	var all, sent []byte
	for i := range 10 {
		all = append(all, byte(i))
		sent = server.Seal(sent, []byte{byte(i)})
	}
	if n := len(records(t, sent)); n != 13 {
		t.Errorf("%d records", n)
	}
	if got, _, err := take(t, client, sent); err != nil || !bytes.Equal(got, all) {
		t.Errorf("got %x, %v", got, err)
	}
}

// What a peer asks for is done before the next data, once, and not sooner.
func TestRequestedKeyUpdate(t *testing.T) {
	server, client := both(&aes256, new(Ciphers))
	for range maxIdle {
		ask := client.out.seal(client.ciphers, nil, typeHandshake, []byte{messageKeyUpdate, 0, 0, 1, updateRequested})
		client.out.update(client.ciphers)
		if _, sent, err := take(t, server, ask); err != nil || sent != nil {
			t.Fatalf("sent %x, %v", sent, err)
		}
	}
	secret := server.out.secret
	sent := server.Seal(server.Seal(nil, []byte("a")), []byte("b"))
	if n := len(records(t, sent)); n != 3 {
		t.Errorf("%d records", n)
	}
	if server.out.secret == secret {
		t.Error("the secret is the old one")
	}
	if got, _, err := take(t, client, sent); err != nil || string(got) != "ab" {
		t.Errorf("got %q, %v", got, err)
	}
}

// What a client may and may not send after its handshake.
func TestOpen(t *testing.T) {
	update := []byte{messageKeyUpdate, 0, 0, 1, 0}
	type rec struct {
		typ  byte
		data []byte
	}
	data := rec{typeData, []byte("x")}
	empty := rec{typeData, nil}
	padded := func(typ byte, b []byte, padding int) rec {
		// The type that seal adds is the last of the padding.
		return rec{0, append(append(slices.Clone(b), typ), make([]byte, padding)...)}
	}
	ticket := append([]byte{4, 0, 0, 200}, make([]byte, 200)...)
	for name, c := range map[string]struct {
		records []rec
		alert   tls.AlertError // what the peer is told, 0: nothing
		err     error          // nil with an alert: that as a local error
		got     string
	}{
		"data":             {[]rec{data, data}, 0, nil, "xx"},
		"padded data":      {[]rec{padded(typeData, []byte("y"), 100), data}, 0, nil, "yx"},
		"the largest":      {[]rec{{typeData, make([]byte, MaxData)}}, 0, nil, string(make([]byte, MaxData))},
		"largest, padded":  {[]rec{padded(typeData, make([]byte, MaxData-10), 8)}, 0, nil, string(make([]byte, MaxData-10))},
		"too large":        {[]rec{{typeData, make([]byte, MaxData+1)}}, alertRecordOverflow, nil, ""},
		"padded too large": {[]rec{padded(typeData, make([]byte, MaxData), 1)}, alertRecordOverflow, nil, ""},
		"padding only":     {[]rec{{0, make([]byte, 10)}}, alertUnexpectedMessage, nil, ""},
		"nothing at all":   {[]rec{{0, nil}}, alertUnexpectedMessage, nil, ""},
		"some empty":       {append(slices.Repeat([]rec{empty}, maxIdle), data), 0, nil, "x"},
		"many, not in a row": {slices.Repeat(append(slices.Repeat([]rec{empty}, maxIdle), data), 3), 0, nil,
			"xxx"},
		"many empty":        {slices.Repeat([]rec{empty}, maxIdle+1), alertUnexpectedMessage, errIdle, ""},
		"close":             {[]rec{data, {typeAlert, []byte{1, 0}}}, 0, io.EOF, "x"},
		"fatal close":       {[]rec{{typeAlert, []byte{2, 0}}}, 0, io.EOF, ""},
		"user canceled":     {[]rec{{typeAlert, []byte{1, 90}}, data}, 0, nil, "x"},
		"alert":             {[]rec{{typeAlert, []byte{2, 80}}}, 0, remoteError(80), ""},
		"warning":           {[]rec{{typeAlert, []byte{1, 80}}}, 0, remoteError(80), ""},
		"short alert":       {[]rec{{typeAlert, []byte{2}}}, alertUnexpectedMessage, nil, ""},
		"long alert":        {[]rec{{typeAlert, []byte{2, 80, 2, 80}}}, alertUnexpectedMessage, nil, ""},
		"empty alert":       {[]rec{{typeAlert, nil}}, alertUnexpectedMessage, nil, ""},
		"change cipher":     {[]rec{{typeChangeCipherSpec, []byte{1}}}, alertUnexpectedMessage, nil, ""},
		"unknown type":      {[]rec{{99, []byte{1}}}, alertUnexpectedMessage, nil, ""},
		"split message":     {[]rec{{typeHandshake, update[:2]}, {typeHandshake, update[2:4]}}, 0, nil, ""},
		"data in message":   {[]rec{{typeHandshake, update[:2]}, data}, alertUnexpectedMessage, nil, ""},
		"alert in message":  {[]rec{{typeHandshake, update[:2]}, {typeAlert, []byte{1, 0}}}, alertUnexpectedMessage, nil, ""},
		"empty handshake":   {[]rec{{typeHandshake, nil}}, alertUnexpectedMessage, nil, ""},
		"two updates":       {[]rec{{typeHandshake, append(slices.Clone(update), update...)}}, alertUnexpectedMessage, nil, ""},
		"long update":       {[]rec{{typeHandshake, []byte{messageKeyUpdate, 0, 0, 2, 0}}}, alertDecodeError, nil, ""},
		"huge update":       {[]rec{{typeHandshake, []byte{messageKeyUpdate, 255, 255, 255, 0}}}, alertDecodeError, nil, ""},
		"strange update":    {[]rec{{typeHandshake, []byte{messageKeyUpdate, 0, 0, 1, 2}}}, alertDecodeError, nil, ""},
		"ticket":            {[]rec{{typeHandshake, ticket}}, alertUnexpectedMessage, nil, ""},
		"ticket, its begin": {[]rec{{typeHandshake, ticket[:1]}}, alertUnexpectedMessage, nil, ""},
		"hello":             {[]rec{{typeHandshake, []byte{1, 0, 0, 0}}}, alertUnexpectedMessage, nil, ""},
		"certificate":       {[]rec{{typeHandshake, []byte{11, 0, 0, 0}}}, alertUnexpectedMessage, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, suite := range suites {
				server, client := both(suite, new(Ciphers))
				var in []byte
				for _, r := range c.records {
					in = client.out.seal(client.ciphers, in, r.typ, r.data)
				}
				got, sent, err := take(t, server, in)
				if string(got) != c.got {
					t.Errorf("got %d bytes", len(got))
				}
				want := c.err
				if want == nil && c.alert != 0 {
					want = localError(c.alert)
				}
				if (err == nil) != (want == nil) || err != nil && err.Error() != want.Error() {
					t.Errorf("got %v, want %v", err, want)
				}
				if want != nil && server.Err() != err {
					t.Errorf("it goes on: %v", server.Err())
				}
				_, _, told := take(t, client, sent)
				if c.alert == 0 {
					if sent != nil {
						t.Errorf("sent %x", sent)
					}
					return
				}
				var a tls.AlertError
				var op *net.OpError
				if !errors.As(told, &op) || op.Op != "remote error" || !errors.As(told, &a) || a != c.alert {
					t.Errorf("the peer was told %v, want %v", told, c.alert)
				}
				if server.Sealable() == nil {
					t.Error("data may follow the alert")
				}
				if again, _ := server.CloseWrite(nil); again != nil {
					t.Errorf("%x follows the alert", again)
				}
			}
		})
	}
}

// A whole update in pieces changes the keys.
func TestSplitKeyUpdate(t *testing.T) {
	server, client := both(&aes128, new(Ciphers))
	var sent []byte
	for _, b := range []byte{messageKeyUpdate, 0, 0, 1, 0} {
		sent = client.out.seal(client.ciphers, sent, typeHandshake, []byte{b})
	}
	client.out.update(client.ciphers)
	if got, _, err := take(t, server, client.Seal(sent, []byte("x"))); err != nil || string(got) != "x" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestHeaders(t *testing.T) {
	for name, c := range map[string]struct {
		header []byte
		alert  tls.AlertError
	}{
		"good":      {[]byte{23, 3, 3, 0x41, 0}, 0},
		"oversized": {[]byte{23, 3, 3, 0x41, 1}, alertRecordOverflow},
		"version":   {[]byte{23, 3, 4, 0, 0}, alertProtocolVersion},
	} {
		server, client := both(&aes128, new(Ciphers))
		sent, n, err := server.PayloadSize(nil, c.header)
		if c.alert == 0 {
			if err != nil || n != MaxPayload {
				t.Errorf("%s: %d, %v", name, n, err)
			}
			continue
		}
		var he tls.RecordHeaderError
		if !errors.As(err, &he) || !bytes.Equal(he.RecordHeader[:], c.header) {
			t.Errorf("%s: %v", name, err)
		}
		if _, _, told := take(t, client, sent); told == nil || told.Error() != remoteError(c.alert).Error() {
			t.Errorf("%s: the peer was told %v", name, told)
		}
	}
}

// Whatever is done to records on their way: what is opened is what was sealed, in
// order, or the session ends.
func FuzzOpen(f *testing.F) {
	f.Add([]byte("hello"), uint16(0), byte(0), false)
	f.Add([]byte("hello"), uint16(3), byte(1), false)
	f.Add([]byte("hello"), uint16(7), byte(0x80), true)
	f.Add(make([]byte, 300), uint16(200), byte(0xff), true)
	f.Fuzz(func(t *testing.T, data []byte, at uint16, flip byte, swap bool) {
		server, client := both(&aes128, new(Ciphers))
		first := client.Seal(nil, data)
		second := client.Seal(nil, []byte("second"))
		stream := append(slices.Clone(first), second...)
		if swap {
			stream = append(slices.Clone(second), first...)
		}
		stream[int(at)%len(stream)] ^= flip
		var got []byte
		for len(stream) >= HeaderSize {
			_, n, err := server.PayloadSize(nil, stream[:HeaderSize])
			if err != nil || len(stream) < HeaderSize+n {
				break
			}
			_, d, err := server.Open(nil, stream[:HeaderSize+n])
			if err != nil {
				break
			}
			got = append(got, d...)
			stream = stream[HeaderSize+n:]
		}
		if want := append(slices.Clone(data), "second"...); !bytes.HasPrefix(want, got) {
			t.Errorf("got %q, sealed was %q", got, want)
		}
	})
}

// Records that nobody has sealed.
func FuzzForged(f *testing.F) {
	f.Add([]byte("\x17\x03\x03\x00\x11aaaaaaaaaaaaaaaaa"))
	f.Add([]byte("\x17\x03\x03\x00\x00"))
	f.Add([]byte("\x14\x03\x03\x00\x01\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < HeaderSize {
			return
		}
		server, _ := both(&aes256, new(Ciphers))
		if _, data, err := server.Open(nil, b); err == nil || data != nil {
			t.Errorf("%x came of it, %v", data, err)
		}
	})
}
