// Package oracle compares an HTTP server with net/http, which is always right: each case
// is a conversation in raw bytes, had with both, and what differs is a failure or stands
// in a table with its reason.
//
// The cases are in testdata, one file a theme:
//
//	case with-a-body
//	want 200 200 eof
//	do read-all
//	do write ok
//	> POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc
//	await ok
//	> GET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
//
// A case says who answers: "handler" and a name, or lines with "do" that a handler does one
// after the other (acts.go has the words), for all requests, or below "at PATH" for those;
// "wrap" puts middleware around it. What a handler learns, it notes, and notes are
// compared like the bytes.
//
// The client's part: a line with ">" is sent, several on end in one write unless "split"
// is between them; \r, \n, \t, \0, \xHH are bytes and \{N:TEXT} is N times TEXT.
// "await" waits for bytes from the server, "await-note" for a handler; "close-write",
// "close" and "reset" do that to the connection. A conversation is over when the
// connection is, so each case makes the server close it, by a field, by an error or by
// close-write; nothing waits for time to pass.
//
// "want" is what net/http answers, in short. It is there for readers, and so that a case
// can't silently test something else: go test -oracle.wants writes it.
//
// To look at a difference means to decide who is right. When it is meant, it goes into
// the server's table as "difference theme/name", its reason in lines with "#", and the
// transcript that go test -oracle.update writes below.
package oracle
