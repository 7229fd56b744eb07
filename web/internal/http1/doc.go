// Package http1 is HTTP/1.0 and 1.1, RFC 9112, for a server: what is in the bytes of a
// request, and the bytes of a response. It does no I/O, keeps no input and starts
// nothing.
//
//	n, err := parser.Parse(data, r) // a head, into an http.Request
//	body.Init(r, 0)
//	data, used, err = body.Next(in) // what of in is the body's data
//	out = http1.AppendHead(out, 1, 200, fields.Append(header), &extra)
//	out = http1.AppendChunk(out, data)
//	out = http1.AppendLastChunk(out, trailer)
//
// A [Parser] and a [Body] can be fed in any pieces, down to single bytes, and come to
// the same end.
//
// # Differences from net/http
//
// A handler can't tell a request of this package from one of net/http's server, and
// what that refuses is refused here, with the same answer, as soon as the line with
// the mistake is complete. So are some requests that net/http accepts, and that
// another server on the way may understand in another way:
//
//	both Content-Length and Transfer-Encoding   400; RFC 9112, section 6.1: the mark of request smuggling
//	Transfer-Encoding in HTTP/1.0               400; section 6.1: the framing is faulty
//	Host, Content-Length or Transfer-Encoding   400; section 5.2: proxies see another value, or none
//	  on several lines (obs-fold)
//	a host in the request target with bytes     400; what is no Host is no r.Host either
//	  that a Host must not have
//	a bare CR among the empty lines that may    400; section 2.2: a bare CR is no line end
//	  follow a POST
//	the preface of HTTP/2 with fields           505; RFC 9113, section 3.4: it has none
//	more than 1000 fields                       431; many small fields cost much memory
//	Trailer that announces a field which must   400; RFC 9110, section 6.5.1
//	  not be one
//	a trailer which must not be one, or with    the body fails; sections 5.1 and 6.5.1
//	  a space before its colon
//	LF as line end among trailers               the body fails; RFC 9112, section 2.2 is about heads, and
//	                                            here others see another end of the request
//	control characters in a chunk extension     the body fails; section 7.1.1
//	a chunk of 2^62 bytes or more               the body fails; section 7.1: no overflow
//
// Lines of a head may end in LF, as in net/http and as section 2.2 permits. Folded
// fields are unfolded. Several equal Content-Lengths are one.
package http1
