package abuse

import (
	"crypto/tls"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

const (
	soon = 200 * time.Millisecond // a limit that is to be met
	drip = 10 * time.Millisecond  // how often a slow client does a little
)

const (
	host  = "Host: a\r\n"
	head  = "GET / HTTP/1.1\r\n" + host
	large = "GET /large HTTP/1.1\r\n" + host + "\r\n"
	post  = "POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n"
	sized = "POST /echo HTTP/1.1\r\n" + host + "Content-Length: 1000000\r\n\r\n"
)

// The memory that attackers may cost: what waits has its connection and that of
// package netio, what has sent a part of a head twice that (append), and what a
// handler has is a goroutine with its stack, an exchange, the request, and the 32 KiB of
// io.Copy.
const (
	waiting = 2 << 10
	maxHead = 64 << 10
	headed  = waiting + 5*maxHead/2
	handled = 48 << 10
	shaking = 64 << 10
)

func attacks() []attack {
	return slices.Concat([]attack{
		{name: "half-open", memory: waiting, run: func(b *bully) { b.hold() }},
		{name: "half a head", memory: waiting, run: func(b *bully) {
			b.send(head)
			b.hold()
		}},
		{name: "slowloris", memory: waiting, limits: limits{ReadHeader: soon}, ends: true, run: func(b *bully) {
			b.ready()
			for b.send(head); b.pause(drip) && b.send("X"); {
			}
		}},
		{name: "slow fields", memory: headed, limits: limits{ReadHeader: soon}, ends: true, run: func(b *bully) {
			b.ready()
			for b.send(head); b.pause(drip) && b.send("A: b\r\n"); {
			}
		}},
		{name: "an endless field", memory: headed, limits: limits{MaxHead: maxHead}, ends: true, run: func(b *bully) {
			b.send(head + "X: " + strings.Repeat("x", maxHead*9/10))
			b.ready()
			b.pause(drip)
			b.flood("xxxxxxxxxxxxxxxx")
		}},
		{name: "endless fields", memory: headed, ends: true, run: func(b *bully) {
			b.send(head)
			b.ready()
			b.flood("A: b\r\n")
		}},
		{name: "an endless target", memory: headed, limits: limits{MaxHead: maxHead}, ends: true, run: func(b *bully) {
			b.send("GET /")
			b.ready()
			b.flood("a/../")
		}},
		{name: "an endless trailer", memory: handled, ends: true, run: func(b *bully) {
			b.send(post + "0\r\n")
			b.ready()
			b.flood("A: b\r\n")
		}},
		{name: "an endless chunk extension", memory: handled, ends: true, run: func(b *bully) {
			b.send(post + "1;")
			b.ready()
			b.flood("a=b;")
		}},
		{name: "chunks of one byte", memory: handled, run: func(b *bully) {
			b.send(strings.Replace(post, "/echo", "/", 1))
			b.ready()
			b.flood("1\r\na\r\n")
		}},
		{name: "huge chunks", memory: handled, run: func(b *bully) {
			sizes := []string{"3fffffffffffffff", "4000000000000000", "ffffffffffffffff", "10000000000000000", strings.Repeat("f", 4000)}
			b.send(post + sizes[rand.IntN(len(sizes))] + "\r\nabc")
			b.ready()
			b.pause(soon)
		}},
		{name: "half a body", memory: handled, run: func(b *bully) {
			b.send(sized + "abc")
			b.hold()
		}},
		{name: "a stalled body", memory: handled, limits: limits{Stall: soon}, ends: true, run: func(b *bully) {
			b.send(sized + "abc")
			b.hold()
		}},
		{name: "a slow body", memory: handled, limits: limits{Stall: soon}, ends: true, run: func(b *bully) {
			b.ready()
			for b.send(sized); b.pause(drip) && b.send("x"); {
			}
		}},
		{name: "a slow reader", memory: handled, limits: limits{Stall: soon}, ends: true, run: func(b *bully) {
			b.send(large)
			b.ready()
			for end := time.Now().Add(3 * soon); time.Now().Before(end) && b.pause(drip) && b.read(1); {
			}
			b.read(1 << 62) // the end is behind what the kernel has
		}},
		{name: "no reader", memory: handled, run: func(b *bully) {
			b.shrink()
			b.send(large)
			b.ready()
			b.pause(time.Hour)
		}},
		{name: "pipelining", memory: handled + 16<<10, run: func(b *bully) {
			b.shrink()
			b.send(large + large)
			b.ready()
			for b.send(strings.Repeat(head+"\r\n", 100)) {
			}
		}},
		{name: "refused, and going on", memory: handled, run: func(b *bully) {
			b.send("?\r\n\r\n")
			b.ready()
			b.flood(strings.Repeat("x", 1024))
		}},
		{name: "more connections than there may be", memory: waiting,
			limits: limits{MaxConns: goodClients + 1 + *connsFlag/2, ReadHeader: soon}, ends: true, run: func(b *bully) {
				b.hold()
			}},
		{name: "more requests than there may be", memory: handled,
			limits: limits{MaxRequests: 1 + *connsFlag/2, Stall: soon}, ends: true, run: func(b *bully) {
				b.send(sized + "abc")
				b.hold()
			}},
		{name: "resets", memory: handled, run: func(b *bully) {
			requests := []string{head, head + "\r\n", large, post + "3\r\nab", sized + "abc", "?\r\n\r\n", strings.Repeat(head+"\r\n", 10), "GET /async HTTP/1.1\r\n" + host + "\r\n", hijack}
			text := requests[rand.IntN(len(requests))]
			b.conn.SetLinger(0)
			b.send(text[:1+rand.IntN(len(text))])
			b.ready()
			b.pause(time.Duration(rand.Int64N(int64(drip))))
		}},
		{name: "connections that are taken over", memory: handled, run: func(b *bully) {
			b.send(hijack + "abc")
			b.read(10)
			b.ready()
			if rand.IntN(2) == 0 {
				b.conn.SetLinger(0)
			}
			b.pause(drip)
		}},
		{name: "malformed", memory: handled, run: malformed},
	}, secureAttacks(), streamAttacks(), blockAttacks(), secureStreamAttacks())
}

const hijack = "GET /hijack HTTP/1.1\r\n" + host + "\r\n"

// flood sends the same again and again, and looks at no answer.
func (b *bully) flood(text string) {
	for text = strings.Repeat(text, 1+4096/len(text)); b.send(text); {
	}
}

// secureAttacks are those on TLS.
func secureAttacks() []attack {
	attacks := []attack{
		{name: "TLS, half-open", run: func(b *bully) { b.hold() }},
		{name: "TLS, garbage", ends: true, run: func(b *bully) {
			garbage := make([]byte, 1+rand.IntN(1000))
			for i := range garbage {
				garbage[i] = byte(rand.Uint32())
			}
			b.send(string(garbage))
			b.ready()
			b.conn.CloseWrite()
			b.read(1 << 20)
		}},
		{name: "TLS, a request without it", ends: true, run: func(b *bully) {
			b.send(head + "\r\n")
			b.ready()
			b.read(1 << 20)
		}},
		{name: "TLS, a large record", run: func(b *bully) {
			b.send("\x16\x03\x01\x40\x00\x01\x00\x3f\xfc" + strings.Repeat("\x03", 10_000))
			b.hold()
		}},
		{name: "TLS, half a hello", run: func(b *bully) {
			hello := helloOf()
			b.send(hello[:1+rand.IntN(len(hello)-1)])
			b.hold()
		}},
		{name: "TLS, no answer to the server's hello", run: func(b *bully) {
			b.send(helloOf())
			b.hold()
		}},
	}
	// A second hello where there is one already: behind the first, and in the middle of
	// the connection, as who wants to negotiate again. Go's client can't do that in an
	// encrypted record, but as a record that is none.
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		attacks = append(attacks, attack{name: "TLS, a hello again, " + tls.VersionName(version), ends: true, run: func(b *bully) {
			c := tls.Client(b.conn, &tls.Config{RootCAs: b.pool, ServerName: "localhost", MaxVersion: version})
			if !b.went(c.Handshake()) {
				return
			}
			io.WriteString(c, head+"\r\n")
			b.ready()
			b.send(helloOf())
			b.read(1 << 20)
		}})
	}
	for i := range attacks {
		attacks[i].memory = shaking
		attacks[i].limits.TLS = true
	}
	return attacks
}

// helloOf returns how a client of TLS begins.
func helloOf() string {
	var w recorder
	tls.Client(&w, &tls.Config{ServerName: "localhost"}).Handshake()
	return string(w.sent)
}
