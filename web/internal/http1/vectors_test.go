package http1

import (
	"strings"
	"testing"
)

const get = "GET / HTTP/1.1\r\nHost: a\r\n"
const chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"

// waste has 448 bytes less of chunk extensions than is too much.
var waste = strings.Repeat("1;"+strings.Repeat("a", 3998)+"\r\nx\r\n", 4)

// connections are what clients may send, good and bad: how many requests that is, and
// how it ends, of itself or in the last one's body.
var connections = []struct {
	name, in string
	requests int
	end      error
}{
	{"one request", get + "\r\n", 1, endIncomplete},
	{"three in a row", strings.Repeat(get+"\r\n", 3), 3, endIncomplete},
	{"half a head", get, 0, endIncomplete},
	{"nothing", "", 0, endIncomplete},
	{"LF as line end", "GET / HTTP/1.1\nHost: a\n\n" + get + "\n", 2, endIncomplete},
	{"lower case names", "GET / HTTP/1.1\r\nhost: a\r\naccept: b\r\nx-own-name: c\r\n" + strings.Repeat("long-", 20) + "name: d\r\n\r\n", 1, endIncomplete},
	{"names several times", get + "A: 1\r\na: 2\r\nB: 3\r\nA:\r\n\r\n", 1, endIncomplete},
	{"blanks around values", get + "A:1\r\nB: \t 2 \t\r\nC:\r\nD: \t \r\nE: 3\t3\r\n\r\n", 1, endIncomplete},
	{"bytes of other encodings in a value", get + "A: \x80\xff\r\n\r\n", 1, endIncomplete},
	{"Pragma", get + "Pragma: no-cache\r\n\r\n" + get + "Pragma: no-cache\r\nCache-Control: x\r\n\r\n", 2, endIncomplete},
	{"no fields in 1.0", "GET / HTTP/1.0\r\n\r\n", 1, endIncomplete},
	{"1.0 kept alive", "GET / HTTP/1.0\r\nConnection: x, Keep-Alive\r\n\r\nGET / HTTP/1.0\r\n\r\n", 2, endIncomplete},
	{"closed", get + "Connection: x ,CLOSE\r\n\r\n", 1, endIncomplete},
	{"a later 1.x", "GET / HTTP/1.9\r\nHost: a\r\n\r\n", 1, endIncomplete},

	// Request lines.
	{"HTTP/0.9", "GET /\r\n", 0, errRequestLine},
	{"version 0.9", "GET / HTTP/0.9\r\n\r\n", 0, errUnsupported},
	{"version 2.0", "GET / HTTP/2.0\r\n\r\n", 0, errUnsupported},
	{"version 3", "GET / HTTP/3\r\n", 0, errVersion},
	{"version in lower case", "GET / http/1.1\r\n", 0, errVersion},
	{"version with two digits", "GET / HTTP/1.10\r\n", 0, errVersion},
	{"version with a sign", "GET / HTTP/+.1\r\n", 0, errVersion},
	{"blank behind the version", "GET / HTTP/1.1 \r\n", 0, errVersion},
	{"two blanks", "GET  / HTTP/1.1\r\n", 0, errVersion},
	{"tabs", "GET\t/\tHTTP/1.1\r\n", 0, errRequestLine},
	{"blank in the target", "GET /a b HTTP/1.1\r\n", 0, errVersion},
	{"no target", "GET HTTP/1.1\r\n", 0, errRequestLine},
	{"empty target", "GET  HTTP/1.1\r\n", 0, errTarget},
	{"no method", " / HTTP/1.1\r\n", 0, errMethod},
	{"method that is no token", "G(T / HTTP/1.1\r\n", 0, errMethod},
	{"method of its own", "purge / HTTP/1.1\r\nHost: a\r\n\r\n", 1, endIncomplete},
	{"empty line first", "\r\n" + get + "\r\n", 0, errRequestLine},
	{"two empty lines", "\r\n\r\n", 0, errRequestLine},
	{"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n", 0, errRequestLine},
	{"NUL in the target", "GET /\x00 HTTP/1.1\r\n", 0, errTarget},
	{"DEL in the query", "GET /?\x7f HTTP/1.1\r\n", 0, errTarget},
	{"bare CR in the target", "GET /\ra HTTP/1.1\r\n", 0, errTarget},
	{"CR behind the version", "GET / HTTP/1.1\r\r\n", 0, errVersion},

	// Targets.
	{"query", "GET /a/b?c=d&e HTTP/1.1\r\nHost: a\r\n\r\n", 1, endIncomplete},
	{"empty query", "GET /a? HTTP/1.1\r\nHost: a\r\n\r\n", 1, endIncomplete},
	{"query of question marks", "GET /a?? HTTP/1.1\r\nHost: a\r\n\r\n", 1, endIncomplete},
	{"escapes", "GET /a%2Fb%20c?d%20e HTTP/1.1\r\nHost: a\r\n\r\n", 1, endIncomplete},
	{"bad escape", "GET /%2 HTTP/1.1\r\n", 0, errTarget},
	{"fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 1, endIncomplete},
	{"two slashes", "GET //a/b HTTP/1.1\r\nHost: a\r\n\r\n", 1, endIncomplete},
	{"dots", "GET /../a/./b HTTP/1.1\r\nHost: a\r\n\r\n", 1, endIncomplete},
	{"marks in the path", "GET /!'()*\"<>[]^`{|}\\ HTTP/1.1\r\nHost: a\r\n\r\n", 1, endIncomplete},
	{"other bytes in the path", "GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n", 1, endIncomplete},
	{"absolute-form", "GET http://b:80/c?d HTTP/1.1\r\nHost: a\r\n\r\n", 1, endIncomplete},
	{"absolute-form without a path", "GET HTTP://b HTTP/1.1\r\nHost: a\r\n\r\n", 1, endIncomplete},
	{"absolute-form without Host", "GET http://b/ HTTP/1.1\r\n\r\n", 0, errNoHost},
	{"absolute-form with a user", "GET http://u:p@b/ HTTP/1.1\r\nHost: a\r\n\r\n", 1, endIncomplete},
	{"absolute-form without a host", "GET http:///b HTTP/1.1\r\nHost: a\r\n\r\n", 1, endIncomplete},
	{"absolute-form with a bad host", "GET http://<b>/ HTTP/1.1\r\nHost: a\r\n\r\n", 0, errAuthority},
	{"opaque", "GET mailto:b HTTP/1.1\r\nHost: a\r\n\r\n", 1, endIncomplete},
	{"a path without a slash", "GET b HTTP/1.1\r\n", 0, errTarget},
	{"OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 1, endIncomplete},
	{"CONNECT", "CONNECT b:443 HTTP/1.1\r\nHost: a\r\n\r\n", 1, endIncomplete},
	{"CONNECT without Host", "CONNECT b:443 HTTP/1.1\r\n\r\n", 1, endIncomplete},
	{"CONNECT to a path", "CONNECT /_goRPC_ HTTP/1.0\r\n\r\n", 1, endIncomplete},
	{"CONNECT to IPv6", "CONNECT [::1]:443 HTTP/1.1\r\nHost: a\r\n\r\n", 1, endIncomplete},
	{"CONNECT to a bad host", "CONNECT <b>:443 HTTP/1.1\r\nHost: a\r\n\r\n", 0, errAuthority},
	{"CONNECT to a bad port", "CONNECT b:c HTTP/1.1\r\n", 0, errTarget},
	{"preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 1, errRequestLine},
	{"preface with fields", "PRI * HTTP/2.0\r\nHost: a\r\n\r\n", 0, errPreface},
	{"preface with a field that is none", "PRI * HTTP/2.0\r\nA: b\r\n\r\n", 0, errPreface},
	{"preface with a body", "PRI * HTTP/2.0\r\nTransfer-Encoding: chunked\r\n\r\n", 0, errPreface},
	{"preface of another method", "GET * HTTP/2.0\r\nHost: a\r\n\r\n", 0, errUnsupported},

	// Host.
	{"no Host", "GET / HTTP/1.1\r\n\r\n", 0, errNoHost},
	{"empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 1, endIncomplete},
	{"two Hosts", get + "host: b\r\n\r\n", 0, errHosts},
	{"two equal Hosts", get + "Host: a\r\n\r\n", 0, errHosts},
	{"two Hosts in 1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 0, errHosts},
	{"blank in Host", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 0, errHost},
	{"user in Host", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 0, errHost},
	{"path in Host", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 0, errHost},
	{"bad Host beside a good one", "GET http://b/ HTTP/1.1\r\nHost: <\r\n\r\n", 0, errHost},
	{"IPv6 as Host", "GET / HTTP/1.1\r\nHost: [::1%25eth0]:80\r\n\r\n", 1, endIncomplete},
	{"folded Host", "GET / HTTP/1.1\r\nHost:\r\n a\r\n\r\n", 0, errFolded},

	// Field lines.
	{"blank before the colon", get + "A : b\r\n\r\n", 0, errSpacedName},
	{"tab before the colon", get + "A\t: b\r\n", 0, errField},
	{"blank in a name", get + "A B: c\r\n\r\n", 0, errSpacedName},
	{"Content-Length with a blank before the colon", get + "Content-Length : 1\r\n\r\na", 0, errSpacedName},
	{"Transfer-Encoding with a blank before the colon", get + "Transfer-Encoding : chunked\r\n\r\n", 0, errSpacedName},
	{"no name", get + ": b\r\n", 0, errField},
	{"no colon", get + "A\r\n", 0, errField},
	{"name that is no token", get + "A[]: b\r\n", 0, errField},
	{"name of other bytes", get + "\xc3\xa4: b\r\n", 0, errField},
	{"first line folded", "GET / HTTP/1.1\r\n Host: a\r\n", 0, errField},
	{"folded", get + "A: b \r\n  c\r\n\t\r\n \t d\r\nE:\r\n f\r\n\r\n", 1, endIncomplete},
	{"folded, then nothing", get + "A: b\r\n \r\n\r\n", 1, endIncomplete},
	{"folded over a colon", get + "A\r\n : b\r\n", 0, errField},
	{"control character in a folded line", get + "A: b\r\n \x01\r\n", 0, errField},
	{"NUL in a value", get + "A: b\x00\r\n", 0, errField},
	{"control character in a long value", get + "A: 1234567\x1f8901234567\r\n", 0, errField},
	{"DEL in a value", get + "A: 1234567890\x7f\r\n", 0, errField},
	{"bare CR in a value", get + "A: b\rc\r\n", 0, errField},
	{"CR before CR LF", get + "A: b\r\r\n", 0, errField},
	{"CR CR LF for the empty line", get + "\r\r\n", 0, errField},
	{"NUL in a name", get + "A\x00: b\r\n", 0, errField},
	{"1000 fields", "GET / HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("A: b\r\n", 999) + "\r\n", 1, endIncomplete},
	{"1001 fields", "GET / HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("A: b\r\n", 1000), 0, errManyFields},
	{"a long line", get + "A: " + strings.Repeat("b", 20000) + "\r\n\r\n", 1, endIncomplete},
	{"the wrong line behind a right one", get + "A: b\r\nC\r\nD: e", 0, errField},

	// Framing.
	{"length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" + get + "\r\n", 2, endIncomplete},
	{"length of nothing", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n" + get + "\r\n", 2, endIncomplete},
	{"length with zeros", get + "Content-Length: 0003\r\n\r\nabc", 1, endIncomplete},
	{"equal lengths", get + "Content-Length: 3\r\ncontent-length: 3 \r\n\r\nabc", 1, endIncomplete},
	{"different lengths", get + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 0, errLengths},
	{"lengths that differ in zeros", get + "Content-Length: 3\r\nContent-Length: 03\r\n\r\nabc", 0, errLengths},
	{"list of lengths", get + "Content-Length: 3, 3\r\n\r\nabc", 0, errLength},
	{"negative length", get + "Content-Length: -1\r\n\r\n", 0, errLength},
	{"length with a plus", get + "Content-Length: +3\r\n\r\nabc", 0, errLength},
	{"length with an underscore", get + "Content-Length: 1_0\r\n\r\n", 0, errLength},
	{"length in hex", get + "Content-Length: 0x3\r\n\r\nabc", 0, errLength},
	{"length of half a byte", get + "Content-Length: 0.5\r\n\r\n", 0, errLength},
	{"length that is empty", get + "Content-Length:\r\n\r\n", 0, errLength},
	{"length of 2^63", get + "Content-Length: 9223372036854775808\r\n\r\n", 0, errLength},
	{"length of 2^63-1", get + "Content-Length: 9223372036854775807\r\n\r\na", 1, endBody},
	{"length of 2^64", get + "Content-Length: 18446744073709551616\r\n\r\n", 0, errLength},
	{"length in other digits", get + "Content-Length: \xd9\xa3\r\n\r\n", 0, errLength},
	{"less than the length", get + "Content-Length: 3\r\n\r\nab", 1, endBody},
	{"folded length", get + "Content-Length:\r\n 3\r\n\r\nabc", 0, errFolded},
	{"length and coding", chunked + "Content-Length: 3\r\n\r\n0\r\n\r\n", 0, errBothFramings},
	{"coding and length", get + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0, errBothFramings},
	{"coding and length of nothing", get + "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0, errBothFramings},
	{"coding and bad length", get + "Content-Length: x\r\nTransfer-Encoding: chunked\r\n\r\n", 0, errLength},
	{"coding in 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0, errCodingIn10},
	{"coding and length in 1.0", "POST / HTTP/1.0\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc", 0, errCodingIn10},
	{"Chunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: cHuNkEd\r\n\r\n0\r\n\r\n", 1, endIncomplete},
	{"chunked twice", get + "Transfer-Encoding: chunked, chunked\r\n\r\n", 0, errCoding},
	{"chunked in two fields", chunked + "Transfer-Encoding: chunked\r\n\r\n", 0, errCoding},
	{"chunked, then gzip", get + "Transfer-Encoding: chunked, gzip\r\n\r\n", 0, errCoding},
	{"gzip, then chunked", get + "Transfer-Encoding: gzip, chunked\r\n\r\n", 0, errCoding},
	{"chunked and identity", chunked + "Transfer-Encoding: identity\r\n\r\n", 0, errCoding},
	{"identity", get + "Transfer-Encoding: identity\r\n\r\n", 0, errCoding},
	{"chunked with a parameter", get + "Transfer-Encoding: chunked;a=b\r\n\r\n", 0, errCoding},
	{"chunked in quotes", get + "Transfer-Encoding: \"chunked\"\r\n\r\n", 0, errCoding},
	{"xchunked", get + "Transfer-Encoding: xchunked\r\n\r\n", 0, errCoding},
	{"a coding with a vertical tab", get + "Transfer-Encoding: \x0bchunked\r\n", 0, errField},
	{"empty coding", get + "Transfer-Encoding:\r\n\r\n", 0, errCoding},
	{"folded coding", get + "Transfer-Encoding:\r\n chunked\r\n\r\n", 0, errFolded},
	{"coding behind a bare LF", get + "A: b\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 1, endIncomplete},
	{"expectation", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\na", 1, endIncomplete},
	{"another expectation", get + "Expect: x\r\n\r\n", 0, endExpectation},

	// Chunks.
	{"chunks", chunked + "\r\n3\r\nabc\r\n00A\r\n0123456789\r\n0\r\n\r\n" + get + "\r\n", 2, endIncomplete},
	{"extension", chunked + "\r\n3;a=b;c=\"d;e\" \t\r\nabc\r\n0;x\r\n\r\n" + get + "\r\n", 2, endIncomplete},
	{"blanks behind a size", chunked + "\r\n3 \t\r\nabc\r\n0 \r\n\r\n", 1, endIncomplete},
	{"blank before an extension", chunked + "\r\n3 ;a\r\nabc\r\n0\r\n\r\n", 1, errChunkSize},
	{"blank before a size", chunked + "\r\n 3\r\nabc\r\n0\r\n\r\n", 1, errChunkSize},
	{"no size", chunked + "\r\n\r\nabc\r\n0\r\n\r\n", 1, errChunkSize},
	{"size with a minus", chunked + "\r\n-3\r\nabc\r\n0\r\n\r\n", 1, errChunkSize},
	{"size with a plus", chunked + "\r\n+3\r\nabc\r\n0\r\n\r\n", 1, errChunkSize},
	{"size with 0x", chunked + "\r\n0x3\r\nabc\r\n0\r\n\r\n", 1, errChunkSize},
	{"size with an underscore", chunked + "\r\n1_0\r\nabc\r\n0\r\n\r\n", 1, errChunkSize},
	{"size with a comma", chunked + "\r\n3,\r\nabc\r\n0\r\n\r\n", 1, errChunkSize},
	{"size with other bytes", chunked + "\r\n\xd9\xa3\r\nabc\r\n0\r\n\r\n", 1, errChunkSize},
	{"size with NUL", chunked + "\r\n3\x00\r\nabc\r\n0\r\n\r\n", 1, errChunkSize},
	{"size of 16 digits", chunked + "\r\n0000000000000003\r\nabc\r\n0\r\n\r\n", 1, endIncomplete},
	{"size of 17 digits", chunked + "\r\n00000000000000003\r\nabc\r\n0\r\n\r\n", 1, errChunkLarge},
	{"size of 2^64", chunked + "\r\n10000000000000000\r\nabc", 1, errChunkLarge},
	{"size of 2^64-1", chunked + "\r\nffffffffffffffff\r\nabc", 1, errChunkHuge},
	{"size of 2^62", chunked + "\r\n4000000000000000\r\nabc", 1, errChunkHuge},
	{"size of 2^62-1", chunked + "\r\n3fffffffffffffff\r\nabc", 1, endBody},
	{"LF behind a size", chunked + "\r\n3\nabc\r\n0\r\n\r\n", 1, errChunkSize},
	{"CR CR LF behind a size", chunked + "\r\n3\r\r\nabc\r\n0\r\n\r\n", 1, errChunkSize},
	{"CR and data behind a size", chunked + "\r\n3\rabc\r\n0\r\n\r\n", 1, errChunkSize},
	{"LF in an extension", chunked + "\r\n3;a\nabc\r\n0\r\n\r\n", 1, errChunkExtension},
	{"CR in an extension", chunked + "\r\n3;a\rb\r\nabc\r\n0\r\n\r\n", 1, errChunkSize},
	{"NUL in an extension", chunked + "\r\n3;a\x00\r\nabc\r\n0\r\n\r\n", 1, errChunkExtension},
	{"a long extension", chunked + "\r\n3;" + strings.Repeat("a", 4092) + "\r\nabc\r\n0\r\n\r\n", 1, endIncomplete},
	{"an extension that is too long", chunked + "\r\n3;" + strings.Repeat("a", 4093) + "\r\nabc\r\n0\r\n\r\n", 1, errChunkLine},
	{"many extensions", chunked + "\r\n" + strings.Repeat("1;"+strings.Repeat("a", 4000)+"\r\nx\r\n", 4) + "0\r\n\r\n", 1, endIncomplete},
	{"too many extensions", chunked + "\r\n" + strings.Repeat("1;"+strings.Repeat("a", 4000)+"\r\nx\r\n", 5) + "0\r\n\r\n", 1, errChunkWaste},
	{"as much of extensions as is allowed", chunked + "\r\n" + waste + "1;" + strings.Repeat("a", 462) + "\r\nx\r\n0\r\n\r\n", 1, endIncomplete},
	{"one byte more of extensions", chunked + "\r\n" + waste + "1;" + strings.Repeat("a", 463) + "\r\nx\r\n0\r\n\r\n", 1, errChunkWaste},
	{"single bytes", chunked + "\r\n" + strings.Repeat("1\r\nx\r\n", 5000) + "0\r\n\r\n", 1, endIncomplete},
	{"data longer than its size", chunked + "\r\n3\r\nabcd\r\n0\r\n\r\n", 1, errChunkEnd},
	{"no line end behind data", chunked + "\r\n3\r\nabc0\r\n\r\n", 1, errChunkEnd},
	{"LF behind data", chunked + "\r\n3\r\nabc\n0\r\n\r\n", 1, errChunkEnd},
	{"CR and another byte behind data", chunked + "\r\n3\r\nabc\rx0\r\n\r\n", 1, errChunkEnd},
	{"the end within a chunk", chunked + "\r\n3\r\nab", 1, endBody},
	{"the end behind a chunk", chunked + "\r\n3\r\nabc", 1, endBody},
	{"no last chunk", chunked + "\r\n3\r\nabc\r\n", 1, endBody},
	{"no empty line at the end", chunked + "\r\n0\r\n", 1, endBody},

	// Trailers.
	{"trailers", chunked + "\r\n0\r\nA: b\r\nc: d\r\nA: e\r\n\r\n" + get + "\r\n", 2, endIncomplete},
	{"trailers that were announced", chunked + "Trailer: a, B,,\r\ntrailer: d\r\n\r\n0\r\nA: b\r\nC: d\r\n\r\n", 1, endIncomplete},
	{"trailers announced without chunks", get + "Trailer: a\r\nContent-Length: 1\r\n\r\na", 1, endIncomplete},
	{"nothing announced", chunked + "Trailer: ,\r\n\r\n0\r\nA: b\r\n\r\n", 1, endIncomplete},
	{"Content-Length announced", chunked + "Trailer: a, content-length\r\n\r\n0\r\n\r\n", 0, errTrailerName},
	{"Host announced", chunked + "Trailer: host\r\n\r\n0\r\n\r\n", 0, errTrailerName},
	{"Content-Length in trailers", chunked + "\r\n0\r\nContent-Length: 3\r\n\r\n", 1, errTrailerField},
	{"Transfer-Encoding in trailers", chunked + "\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n", 1, errTrailerField},
	{"Host in trailers", chunked + "\r\n0\r\nhost: b\r\n\r\n", 1, errTrailerField},
	{"If-Match in trailers", chunked + "\r\n0\r\nif-match: b\r\n\r\n", 1, errTrailerField},
	{"blank before the colon in trailers", chunked + "\r\n0\r\nA : b\r\n\r\n", 1, errTrailerField},
	{"folded trailer", chunked + "\r\n0\r\nA: b\r\n c\r\n\r\n", 1, endIncomplete},
	{"first trailer folded", chunked + "\r\n0\r\n A: b\r\n\r\n", 1, errTrailer},
	{"NUL in a trailer", chunked + "\r\n0\r\nA: \x00\r\n\r\n", 1, errTrailer},
	{"bare CR in a trailer", chunked + "\r\n0\r\nA: b\rc\r\n\r\n", 1, errTrailer},
	{"trailer without a colon", chunked + "\r\n0\r\nGET / HTTP/1.1\r\n\r\n", 1, errTrailer},
	{"LF among trailers", chunked + "\r\n0\r\nA: b\nC: d\r\n\r\n", 1, errTrailerLine},
	{"LF as the empty line", chunked + "\r\n0\r\n\n" + get + "\r\n", 1, errTrailerLine},
	{"LF LF behind trailers", chunked + "\r\n0\r\nA: b\n\n" + get + "\r\n", 1, errTrailerLine},
	{"long trailers", chunked + "\r\n0\r\nA: " + strings.Repeat("b", 4096-7) + "\r\n\r\n", 1, endIncomplete},
	{"trailers that are too long", chunked + "\r\n0\r\nA: " + strings.Repeat("b", 4096-6) + "\r\n\r\n", 1, errTrailerSize},
	{"trailers without an end", chunked + "\r\n0\r\n" + strings.Repeat("A: b\r\n", 1000), 1, errTrailerSize},

	// Behind a POST.
	{"empty lines behind a POST", "POST / HTTP/1.1\r\nHost: a\r\n\r\n\r\n\r\n" + get + "\r\n", 2, endIncomplete},
	{"LFs behind a POST", "POST / HTTP/1.1\r\nHost: a\r\n\r\n\n\n\n\n" + get + "\r\n", 2, endIncomplete},
	{"too many LFs behind a POST", "POST / HTTP/1.1\r\nHost: a\r\n\r\n\n\n\n\n\n" + get + "\r\n", 1, errRequestLine},
	{"too many empty lines behind a POST", "POST / HTTP/1.1\r\nHost: a\r\n\r\n\r\n\r\n\r\n" + get + "\r\n", 1, errRequestLine},
	{"three LFs and CR LF behind a POST", "POST / HTTP/1.1\r\nHost: a\r\n\r\n\n\n\n\r\n" + get + "\r\n", 1, errRequestLine},
	{"bare CR behind a POST", "POST / HTTP/1.1\r\nHost: a\r\n\r\n\r" + get + "\r\n", 1, errEmptyLine},
	{"empty line behind a PUT", "PUT / HTTP/1.1\r\nHost: a\r\n\r\n\r\n" + get + "\r\n", 1, errRequestLine},
}

// Each is understood as it should be, and as net/http's server understands it.
func TestConnections(t *testing.T) {
	o := newOracle(t, 0)
	for _, c := range connections {
		t.Run(c.name, func(t *testing.T) {
			compare(t, o, []byte(c.in))
			got, _, end := play([]byte(c.in), nil, 0)
			if end == endBody && got[len(got)-1].err != nil && c.end != endBody {
				end = got[len(got)-1].err
			}
			if len(got) != c.requests || end != c.end {
				t.Errorf("%d requests, then %v; want %d, then %v; %q", len(got), end, c.requests, c.end, c.in)
			}
		})
	}
}

// In whatever pieces they come, it is the same.
func TestPieces(t *testing.T) {
	for _, c := range connections {
		for n := range max(1, 12-len(c.in)/100) {
			compareSplits(t, []byte(c.in), []byte{byte(n)})
			compareSplits(t, []byte(c.in), []byte{byte(len(c.in)), 0, 1, byte(n)})
		}
	}
}
