// Package servertest has the tests that every server with the methods of http.Server
// passes: those of what goes on around the bytes of one conversation, which package
// oracle compares. They are told to net/http first, so that they are right.
package servertest
