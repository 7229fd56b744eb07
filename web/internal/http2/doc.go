// Package http2 is HTTP/2 (RFC 9113) on the server's side, and nothing else: it does no
// I/O, starts no goroutine and has no clock. What has arrived is handed to a [Conn], which
// tells what it means, event by event; what is to be sent is asked for when there is room
// for it.
//
//	c := http2.NewConn(shared)
//	for {
//		in := arrived()
//		for {
//			ev, err := c.Next(&in)
//			if err != nil || ev.Kind == http2.Nothing {
//				break // after an error only what Append has is to be sent
//			}
//			handle(ev)
//		}
//		send(c.Append(nil, 64<<10, moved))
//	}
//
// # What a connection keeps
//
// A connection without streams is a few numbers: frames are parsed where they arrived, and
// of those that have not come whole their beginning is kept. There are no tables of HPACK
// (RFC 7541) unless the [Config] asks for some: the client is told so, by a
// SETTINGS_HEADER_TABLE_SIZE of 0, and what it has put into its table until it has heard
// of that is forgotten then. Without a table there is nothing either that a small block
// could blow up.
//
// # Errors
//
// Which error is the connection's and which a stream's is as RFC 9113 has it, sections 5
// and 6. A stream's is answered here with RST_STREAM, and told as [Reset] if its owner knows
// of it; the connection's is an [Error] of Next, and the GOAWAY has been queued.
//
// # Limits
//
// A client may have MaxStreams streams, and a stream counts until its owner says that
// it is done with it ([Conn.Forget]), not until the client has reset it. It may send so many
// frames to no purpose until [Conn.Calm] is called, which is meant to be once a second; and
// as long as [Conn.Full] says that answers to it pile up, nothing more of it should be
// read. Blocks of fields are as large as MaxHead says, also those in pieces.
package http2
