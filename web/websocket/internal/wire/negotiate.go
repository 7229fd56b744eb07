package wire

import "strconv"

// The parameters of permessage-deflate (RFC 7692, section 7.1).
const (
	deflateName     = "permessage-deflate"
	serverNoContext = "server_no_context_takeover"
	clientNoContext = "client_no_context_takeover"
	serverBits      = "server_max_window_bits"
	clientBits      = "client_max_window_bits"
)

// maxBits is the window of package flate, and the largest there is.
const maxBits = 15

// Offer is the extension that a client offers: no message is compressed with the help of
// another one, so that a connection that waits holds neither.
const Offer = deflateName + "; " + serverNoContext + "; " + clientNoContext

// A Deflate is what client and server have agreed on about compression.
type Deflate struct {
	On bool
	// Window is how large a message may be to be compressed. Package flate knows
	// no smaller window than 32 KiB: where the peer wants one, messages that would
	// fill more go as they are.
	Window int
}

// params is what the parameters of a permessage-deflate say; a bit count of 0 means that
// it was not given, and -1 that it was without a value.
type params struct {
	serverNoContext, clientNoContext bool
	serverBits, clientBits           int
}

// parse reads the parameters; ok tells whether they are such, each at most once.
func (p *params) parse(list []Param) (ok bool) {
	for i, x := range list {
		for _, before := range list[:i] {
			if before.Name == x.Name {
				return false
			}
		}
		switch {
		case x.Name == serverNoContext && x.Value == "":
			p.serverNoContext = true
		case x.Name == clientNoContext && x.Value == "":
			p.clientNoContext = true
		case x.Name == serverBits:
			p.serverBits, ok = windowBits(x.Value)
			if !ok {
				return false
			}
		case x.Name == clientBits && x.Value == "":
			p.clientBits = -1
		case x.Name == clientBits:
			p.clientBits, ok = windowBits(x.Value)
			if !ok {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// windowBits reads a number from 8 to 15 without leading zeros.
func windowBits(s string) (n int, ok bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= 8 && n <= maxBits && strconv.Itoa(n) == s
}

// Agree is the server's answer to what a client offers: the first permessage-deflate that
// it can take. response is the header's value, empty for none.
func Agree(offers []Extension) (d Deflate, response string) {
	for _, x := range offers {
		var p params
		if x.Name != deflateName || !p.parse(x.Params) {
			continue
		}
		d = Deflate{On: true, Window: 1 << maxBits}
		response = Offer
		if p.serverBits > 0 {
			response += "; " + serverBits + "=" + strconv.Itoa(p.serverBits)
			d.Window = 1 << p.serverBits
		}
		if d.Window == 1<<maxBits {
			d.Window = unlimited
		}
		return d, response
	}
	return Deflate{}, ""
}

// unlimited is the window of a peer that has room for what package flate makes.
const unlimited = int(^uint(0) >> 1)

// Agreed is what a client makes of the server's answer to its Offer, if it made that;
// ok tells whether it is one.
func Agreed(offered bool, answer []Extension) (d Deflate, ok bool) {
	switch {
	case len(answer) == 0:
		return Deflate{}, true
	case len(answer) > 1 || !offered || answer[0].Name != deflateName:
		return Deflate{}, false
	}
	var p params
	// A server that would take over its context did not understand the offer, and
	// one that limits the client's window was not asked to.
	ok = p.parse(answer[0].Params) && p.serverNoContext && p.clientBits == 0
	return Deflate{On: true, Window: unlimited}, ok
}
