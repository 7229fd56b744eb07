package abuse

import (
	"math/rand/v2"
	"slices"
	"time"

	"golang.org/x/net/http2"
)

// The memory that those may cost who speak HTTP/2: what waits has its connection and
// the tables of its fields, and who has streams has as many as there may be.
const (
	speaking  = 4 << 10
	streaming = speaking + 4*handled
	maxed     = speaking + 300*handled // all streams that a connection may have
	window    = 1 << 20                // what may be sent before it was read
	bombed    = maxed + 300*2*maxHead  // each with all the fields that it may have, and what they take more as a map
)

// noWindow lets a server send nothing of a body.
var noWindow = http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0}

// streamAttacks are those on connections of HTTP/2 that are about streams, windows and
// frames that want an answer.
func streamAttacks() []attack {
	return overHTTP2([]attack{
		{name: "half-open", memory: speaking, run: func(b *bully) { b.talk().hold() }},
		{name: "half a preface", memory: waiting, limits: limits{ReadHeader: soon}, ends: true, run: func(b *bully) {
			b.send(http2.ClientPreface[:1+rand.IntN(len(http2.ClientPreface)-1)])
			b.hold()
		}},
		{name: "a preface of nothing", memory: speaking, limits: limits{ReadHeader: soon}, ends: true, run: func(b *bully) {
			b.send(http2.ClientPreface)
			b.hold()
		}},
		{name: "an idle one", memory: speaking, run: func(b *bully) {
			t := b.talk()
			t.get("/")
			t.hold()
		}},
		{name: "rapid reset", memory: maxed, run: func(b *bully) {
			t := b.talk()
			t.discard()
			t.flood(1, func() {
				t.get(somePath())
				t.WriteRSTStream(t.last, http2.ErrCodeCancel)
			})
		}},
		{name: "rapid reset, no reader", memory: maxed, run: func(b *bully) {
			b.shrink()
			t := b.talk()
			t.flood(1, func() {
				t.get(somePath())
				t.WriteRSTStream(t.last, http2.ErrCodeCancel)
			})
		}},
		{name: "resets that the server is made to do", memory: maxed, run: func(b *bully) {
			t := b.talk()
			t.discard()
			t.flood(1, func() {
				t.get(somePath())
				t.WriteRawFrame(http2.FrameWindowUpdate, 0, t.last, []byte{0, 0, 0, 0})
			})
		}},
		{name: "requests without an end", memory: maxed, run: func(b *bully) {
			t := b.talk()
			t.discard()
			t.flood(1, func() { t.post("/echo") })
		}},
		{name: "more requests than there may be", memory: maxed,
			limits: limits{MaxRequests: 1 + goodClients + *connsFlag, Stall: soon}, ends: true, run: func(b *bully) {
				t := b.talk()
				for range 50 {
					t.post("/echo")
				}
				t.hold()
			}},
		{name: "settings without an end", memory: speaking, run: func(b *bully) {
			t := b.talk()
			t.discard()
			t.flood(10, func() { t.WriteSettings(http2.Setting{ID: http2.SettingHeaderTableSize, Val: rand.Uint32()}) })
		}},
		{name: "settings without an end, no reader", memory: speaking + 64<<10, run: func(b *bully) {
			b.shrink()
			t := b.talk()
			t.flood(10, func() { t.WriteSettings() })
		}},
		{name: "pings without an end", memory: speaking, run: func(b *bully) {
			t := b.talk()
			t.discard()
			t.flood(10, func() { t.WritePing(false, [8]byte{}) })
		}},
		{name: "pings without an end, no reader", memory: speaking + 64<<10, run: func(b *bully) {
			b.shrink()
			t := b.talk()
			t.flood(10, func() { t.WritePing(false, [8]byte{}) })
		}},
		{name: "errors without an end, no reader", memory: speaking + 64<<10, run: func(b *bully) {
			// A stream that was closed is answered with a reset, and one field too much too.
			b.shrink()
			t := b.talk()
			t.flood(1, func() { t.begin(t.fields("GET", "/", "connection", "close"), true) })
		}},
		{name: "frames without a body", memory: streaming, run: func(b *bully) {
			t := b.talk()
			t.discard()
			t.post("/echo")
			t.flood(10, func() { t.WriteData(t.last, false, nil) })
		}},
		{name: "frames of padding", memory: streaming, run: func(b *bully) {
			t := b.talk()
			t.discard()
			t.post("/echo")
			t.flood(10, func() { t.WriteDataPadded(t.last, false, []byte("x"), make([]byte, 255)) })
		}},
		{name: "priorities without an end", memory: speaking, run: func(b *bully) {
			t := b.talk()
			t.discard()
			t.flood(10, func() { t.WritePriority(t.next(), http2.PriorityParam{StreamDep: t.last + 2, Weight: 255}) })
		}},
		{name: "frames that nobody knows", memory: speaking, run: func(b *bully) {
			t := b.talk()
			t.discard()
			t.flood(10, func() {
				t.WriteRawFrame(http2.FrameType(10+rand.IntN(200)), 0, rand.Uint32()>>1, make([]byte, rand.IntN(500)))
			})
		}},
		{name: "windows that grow a little", memory: streaming, run: func(b *bully) {
			t := b.talk(noWindow)
			t.discard()
			t.get("/large")
			t.flood(10, func() {
				t.WriteWindowUpdate(0, 1)
				t.WriteWindowUpdate(t.last, 1)
			})
		}},
		{name: "windows that settings move", memory: maxed, run: func(b *bully) {
			t := b.talk(noWindow)
			t.discard()
			for range 50 {
				t.get("/large")
			}
			t.flood(10, func() {
				t.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: uint32(rand.IntN(10))})
			})
		}},
		{name: "no window", memory: streaming, limits: limits{Stall: soon}, ends: true, run: func(b *bully) {
			t := b.talk(noWindow)
			t.get("/large")
			t.hold()
		}},
		{name: "no window, many", memory: maxed, run: func(b *bully) {
			t := b.talk(noWindow)
			for range 100 {
				t.get("/large")
			}
			t.hold()
		}},
		{name: "no window of the connection", memory: maxed, limits: limits{Stall: soon}, ends: true, run: func(b *bully) {
			// Each stream has a window, but what they have in common is soon used up.
			t := b.talk(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 30})
			for range 50 {
				t.get("/large")
			}
			t.hold()
		}},
		{name: "a window that opens slowly", memory: streaming, limits: limits{Stall: soon}, ends: true, run: func(b *bully) {
			t := b.talk(noWindow)
			t.get("/large")
			t.flush()
			t.ready()
			go func() {
				for t.pause(drip) {
					t.WriteWindowUpdate(1, 1)
					if !t.flush() {
						return
					}
				}
			}()
			t.wait()
		}},
		{name: "a slow reader", memory: streaming, limits: limits{Stall: soon}, ends: true, run: func(b *bully) {
			t := b.talk(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 30})
			t.WriteWindowUpdate(0, 1<<30)
			t.get("/large")
			t.flush()
			b.ready()
			for end := time.Now().Add(3 * soon); time.Now().Before(end) && b.pause(drip) && b.read(1); {
			}
			b.read(1 << 62) // the end is behind what the kernel has
		}},
		{name: "no reader", memory: maxed, run: func(b *bully) {
			b.shrink()
			t := b.talk(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 30})
			t.WriteWindowUpdate(0, 1<<30)
			for range 50 {
				t.get("/large")
			}
			t.flush()
			b.ready()
			b.pause(time.Hour)
		}},
		{name: "half a body", memory: streaming, run: func(b *bully) {
			t := b.talk()
			t.post("/echo")
			t.WriteData(t.last, false, []byte("abc"))
			t.hold()
		}},
		{name: "a stalled body", memory: streaming, limits: limits{Stall: soon}, ends: true, run: func(b *bully) {
			t := b.talk()
			t.post("/echo")
			t.WriteData(t.last, false, []byte("abc"))
			t.hold()
		}},
		{name: "a slow body", memory: streaming, limits: limits{Stall: soon}, ends: true, run: func(b *bully) {
			t := b.talk()
			t.post("/")
			t.flush()
			t.ready()
			go func() {
				for t.pause(drip) {
					t.WriteData(1, false, []byte("x"))
					if !t.flush() {
						return
					}
				}
			}()
			t.wait()
		}},
		// The stream is reset, and what comes for it is dropped: who sends it at less than
		// 1,000 frames a second is suffered.
		{name: "more of a body than there is a window for", memory: streaming + window, run: func(b *bully) {
			t := b.talk()
			t.post("/echo")
			t.flood(10, func() { t.WriteData(t.last, false, megabyte[:16<<10]) })
		}},
		{name: "resets of the connection", memory: maxed, run: func(b *bully) {
			t := b.talk()
			for range rand.IntN(20) {
				if rand.IntN(2) == 0 {
					t.get(somePath())
				} else {
					t.post(somePath())
				}
			}
			t.out.Truncate(1 + rand.IntN(t.out.Len()))
			b.conn.SetLinger(0)
			t.flush()
			b.ready()
			b.pause(time.Duration(rand.Int64N(int64(drip))))
		}},
		{name: "malformed", memory: maxed, run: malformedFrames},
	})
}

// somePath is what there is, at random.
func somePath() string {
	paths := []string{"/", "/large", "/echo", "/async", "/hijack"}
	return paths[rand.IntN(len(paths))]
}

// overHTTP2 makes attacks on servers that speak it.
func overHTTP2(attacks []attack) []attack {
	for i := range attacks {
		attacks[i].name = "HTTP/2, " + attacks[i].name
		attacks[i].limits.HTTP2 = true
	}
	return attacks
}

// secureStreamAttacks are attacks on HTTP/2 over TLS.
func secureStreamAttacks() []attack {
	secure := overHTTP2([]attack{
		{name: "TLS, half-open", memory: shaking, run: func(b *bully) {
			if t := b.talkTLS(); t != nil {
				t.hold()
			}
		}},
		{name: "TLS, agreed on and not spoken", memory: shaking, limits: limits{ReadHeader: soon}, ends: true, run: func(b *bully) {
			if t := b.talkTLS(); t != nil {
				t.out.Reset()
				if rand.IntN(2) == 0 {
					t.out.WriteString(head + "\r\n")
				}
				t.hold()
			}
		}},
		{name: "TLS, rapid reset", memory: shaking + maxed, run: func(b *bully) {
			if t := b.talkTLS(); t != nil {
				t.discard()
				t.flood(1, func() {
					t.get(somePath())
					t.WriteRSTStream(t.last, http2.ErrCodeCancel)
				})
			}
		}},
		{name: "TLS, no window", memory: shaking + streaming, limits: limits{Stall: soon}, ends: true, run: func(b *bully) {
			if t := b.talkTLS(noWindow); t != nil {
				t.get("/large")
				t.hold()
			}
		}},
	})
	for i := range secure {
		secure[i].limits.TLS = true
	}
	return slices.Clip(secure)
}
