package wire

import "math"

// A Rule is what a Reader holds a peer to. It may be shared, and is not changed.
type Rule struct {
	// Masked is so for servers: what clients send has to be masked, and what servers
	// send must not be.
	Masked bool
	// Deflate says that messages may be compressed.
	Deflate bool
	// MaxMessage is how many bytes of payload a message has at most. Of one that is
	// compressed a few more may be sent: see most.
	MaxMessage int64
}

// most is how many bytes of a message may be sent. What can't be compressed becomes longer:
// by an eighth in the codes that deflate has from the start, and with each flush.
func (r *Rule) most(compressed bool) int64 {
	if !compressed {
		return r.MaxMessage
	}
	return r.MaxMessage + min(r.MaxMessage/8+64, math.MaxInt64-r.MaxMessage)
}

// maxEmpty is how many fragments of a message may be empty. The others are bounded by
// the size of the message, these by nothing else.
const maxEmpty = 1024

// A Reader makes events of what a peer sends. It is fed bytes as they come, in
// pieces of any size, and what it has to say does not depend on them, but for where
// messages are cut into parts. After an error, or a close, it is not to be used again.
// The zero value is ready.
type Reader struct {
	head   [MaxHeader]byte // the beginning of a header
	got    uint8           // bytes of it
	inside bool            // in the payload of frame
	frame  Header
	left   int64 // bytes of payload that have not come
	pos    int   // of the mask

	message    Opcode // of the message in progress, or 0
	compressed bool
	begun      bool // a part of it was returned
	size       int64
	empty      int
	text       Validator

	control [MaxControl]byte // the payload of a control frame that comes in pieces
	held    uint8            // bytes of it
}

// EventKind says what an Event is.
type EventKind uint8

const (
	More EventKind = iota // nothing yet: feed more
	Part                  // a part of a message
	PingEvent
	PongEvent
	CloseEvent
)

// An Event is something that the peer has said.
type Event struct {
	Kind EventKind
	// Data is a part of what was fed, without its mask, or else valid until the next
	// call of Next.
	Data []byte
	// Of a Part:
	Message     Opcode // Text or Binary
	Compressed  bool
	First, Last bool
}

// Between reports whether r is between two messages, and has nothing to remember.
func (r *Reader) Between() bool { return !r.inside && r.got == 0 && r.message == 0 }

// Next looks at b, takes the mask off in place, and returns the first event and how
// many bytes it took. With More that is all of b. Errors are *Error.
func (r *Reader) Next(rule *Rule, b []byte) (ev Event, used int, err error) {
	for {
		if !r.inside {
			n, err := r.header(rule, b[used:])
			used += n
			if err != nil || !r.inside {
				return Event{}, used, err
			}
		}
		n := int(min(r.left, int64(len(b)-used)))
		data := b[used : used+n]
		used += n
		r.left -= int64(n)
		if r.frame.Masked {
			r.pos = Mask(data, r.frame.Key, r.pos)
		}
		r.inside = r.left > 0
		if r.frame.Opcode.Control() {
			ev, done := r.controlFrame(data)
			if !done {
				return Event{}, used, nil
			}
			return ev, used, nil
		}
		ev, err := r.part(data)
		if err != nil || ev.Kind != More {
			return ev, used, err
		}
		if r.inside {
			return Event{}, used, nil
		}
	}
}

// header goes on with a header, and checks it as it comes, so that what is wrong first is
// the error whatever the pieces.
func (r *Reader) header(rule *Rule, b []byte) (used int, err error) {
	at, before := b, int(r.got)
	if before > 0 {
		at = r.head[:before+copy(r.head[before:], b)]
	}
	n := 0
	if len(at) >= 2 {
		if err := r.frame.first(at); err != nil {
			return 0, err
		}
		if err := r.check(rule); err != nil {
			return 0, err
		}
		if n, err = r.frame.rest(at); err != nil {
			return 0, err
		}
	}
	if n == 0 {
		if before == 0 {
			copy(r.head[:], b)
		}
		r.got = uint8(len(at)) // less than a header: all of b
		return len(b), nil
	}
	r.got = 0
	r.inside, r.left, r.pos = true, r.frame.Length, 0
	return n - before, r.begin(rule)
}

// check looks at what the first two bytes of a header say in their place.
func (r *Reader) check(rule *Rule) error {
	h := &r.frame
	switch {
	case h.Masked != rule.Masked && rule.Masked:
		return violation("a client's frame is not masked")
	case h.Masked != rule.Masked:
		return violation("a server's frame is masked")
	case h.RSV1 && (!rule.Deflate || h.Opcode != Text && h.Opcode != Binary):
		return violation("a frame says that it is compressed, and must not be")
	case h.Opcode == Continuation && r.message == 0:
		return violation("a message continues that has not begun")
	case (h.Opcode == Text || h.Opcode == Binary) && r.message != 0:
		return violation("a message begins within another")
	}
	return nil
}

// begin begins with the payload of a frame.
func (r *Reader) begin(rule *Rule) error {
	h := &r.frame
	if h.Opcode.Control() {
		r.held = 0
		return nil
	}
	if h.Opcode != Continuation {
		r.message, r.compressed, r.begun, r.size, r.empty = h.Opcode, h.RSV1, false, 0, 0
	}
	if h.Length > rule.most(r.compressed)-r.size {
		return TooBig()
	}
	r.size += h.Length
	if h.Length == 0 && !h.Fin {
		if r.empty++; r.empty > maxEmpty {
			return &Error{PolicyViolation, "a message has too many empty fragments"}
		}
	}
	return nil
}

// TooBig is the error of a message that is larger than allowed.
func TooBig() error { return &Error{MessageTooBig, "a message is too big"} }

// part returns a part of a message. There is none where it would be empty, unless it is
// the last.
func (r *Reader) part(data []byte) (Event, error) {
	last := r.frame.Fin && !r.inside
	if len(data) == 0 && !last {
		return Event{}, nil
	}
	if r.message == Text && !r.compressed && (!r.text.Add(data) || last && !r.text.End()) {
		return Event{}, NotUTF8()
	}
	ev := Event{Kind: Part, Data: data, Message: r.message, Compressed: r.compressed, First: !r.begun, Last: last}
	r.begun = true
	if last {
		r.message = 0
	}
	return ev, nil
}

// NotUTF8 is the error of a text that is none.
func NotUTF8() error { return &Error{InvalidPayload, "a text is not UTF-8"} }

// controlFrame returns a control frame when all of it has come.
func (r *Reader) controlFrame(data []byte) (ev Event, done bool) {
	if r.inside || r.held > 0 {
		r.held += uint8(copy(r.control[r.held:], data))
		if r.inside {
			return Event{}, false
		}
		data = r.control[:r.held]
		r.held = 0
	}
	ev.Data = data
	switch r.frame.Opcode {
	case Ping:
		ev.Kind = PingEvent
	case Pong:
		ev.Kind = PongEvent
	default:
		ev.Kind = CloseEvent
	}
	return ev, true
}
