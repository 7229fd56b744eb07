// Package web serves HTTP to the handlers of package net/http, as they are, on event
// loops: a connection that waits for its next request holds no goroutine, no stack and
// no buffer.
//
//	mux := http.NewServeMux()
//	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
//		io.WriteString(w, "Hello!\n")
//	})
//	log.Fatal(web.ListenAndServe(":8080", mux))
//
// Coming from net/http that is one line, and so is the way back. A Server has the
// fields and methods of an http.Server; limits that are not set have safe defaults.
//
// # Handlers
//
// A handler runs on a goroutine while it handles a request, and may do whatever it
// could do under net/http: block, compute, hijack the connection. Between requests there
// is none. Responses are framed by the rules of net/http's server, which is what the
// tests compare with.
//
// Async makes a handler of an async function. It runs as a task on the loop of its
// connection, so that a request which waits, for an upstream or for news, takes no
// goroutine either. Both kinds are mounted on the same http.ServeMux, with the same
// middleware.
//
//	mux.Handle("GET /news", web.Async(func(t *async.Task, w http.ResponseWriter, r *http.Request) error {
//		item, err := news.Recv().Await(t)
//		if err != nil {
//			return err
//		}
//		_, err = io.WriteString(w, item)
//		return err
//	}))
//
// # HTTP/2
//
// Over TLS HTTP/2 is agreed on with clients that speak it, and without TLS it is spoken with
// those that begin with it, if Server.Protocols says so. Handlers see no difference, but that
// there is no connection to hijack. A connection that waits is as cheap as one of HTTP/1.
//
// # Limits
//
// The head of a request has to come within ReadHeaderTimeout, a connection may wait for
// IdleTimeout, and a client that neither sends what was announced nor takes what it asked
// for is given up after StallTimeout, or if it does so slower than at MinRate. MaxConns
// and MaxRequests bound what is served at once; above the latter, requests are answered
// with 503.
//
// # Ending
//
// Shutdown lets every request that is being served end, and closes what waits; Close
// closes everything. A panic in a handler costs its connection, or in HTTP/2 its stream.
//
// In the story of async Rust this package is "I just want to write a web-app": tide,
// over the handlers that Go already has.
package web
