package websocket

import (
	"net/http"
	"time"
)

// Options are those of a connection. The zero value, and nil, are good for most. They
// may be shared by any number of connections, and are not to be changed while one
// is open.
type Options struct {
	// Subprotocols are those that a server can speak, the best first, or that a client
	// would like to. See [Conn.Subprotocol] for the one that was agreed on.
	Subprotocols []string

	// CheckOrigin decides whether a server accepts a request. nil accepts what comes
	// from no web page, and from pages of the host that was asked: browsers send
	// cookies along whoever it is that makes them connect.
	CheckOrigin func(r *http.Request) bool

	// MaxMessage is how many bytes a message may have that is received, also when it
	// was decompressed; 0 is DefaultMaxMessage.
	MaxMessage int64

	// NoCompression refuses to compress messages, or does not offer it. Without it
	// they are, where the peer can, if they are long enough for that to be worth it.
	// That never costs a connection that waits any memory, but it is done on the loop:
	// who sends or receives megabytes holds it for tens of milliseconds for each.
	NoCompression bool

	// PingEvery, if it is not 0, is how long the peer may be silent before it is sent a
	// ping, while a Receive waits. If it stays silent for PongWithin more (0 is half of
	// PingEvery), the Receive fails with an os.ErrDeadlineExceeded. A ping can't be sent
	// amid a message: until that has gone, a peer that takes of it is not silent.
	PingEvery, PongWithin time.Duration

	// CloseWithin is how long a close waits for the peer; 0 is 5 s.
	CloseWithin time.Duration
}

// DefaultMaxMessage is how large a message may be if Options do not say: 1 MiB.
const DefaultMaxMessage = 1 << 20

// minCompress is how long a message has to be to be compressed.
const minCompress = 128

var defaults Options

func (o *Options) orDefaults() *Options {
	if o == nil {
		return &defaults
	}
	return o
}

func (o *Options) maxMessage() int64 {
	if o.MaxMessage <= 0 {
		return DefaultMaxMessage
	}
	return o.MaxMessage
}

func (o *Options) pongWithin() time.Duration {
	if o.PongWithin <= 0 {
		return o.PingEvery / 2
	}
	return o.PongWithin
}

func (o *Options) closeWithin() time.Duration {
	if o.CloseWithin <= 0 {
		return 5 * time.Second
	}
	return o.CloseWithin
}
