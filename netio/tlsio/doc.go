// Package tlsio is TLS for tasks: connections of package netio, with crypto/tls, which
// is used as it is, for everything up to the end of the handshake. It is a package of
// its own so that programs without TLS do not have crypto/tls in them.
//
//	err := tlsio.Serve(t, ln, config, func(t *async.Task, c *tlsio.Conn) error {
//		for {
//			data, err := c.Recv().Await(t) // lent until the next Recv
//			if err == io.EOF {
//				return nil
//			}
//			if err != nil {
//				return err
//			}
//			if _, err := c.Write(data).Await(t); err != nil {
//				return err
//			}
//		}
//	})
//
// [Client] and [Server] make a TLS connection of a netio.Conn, [Dial] and [Serve] do
// it in one step with connecting and accepting; [Dialer] and [Acceptor] have the
// options of both sides. What is agreed on is the tls.Config's
// affair: versions, certificates of both sides, server names, ALPN, resumption.
// Renegotiation is refused.
//
// A [Conn] is used like a netio.Conn: the same operations, deadlines, rules for
// cancelling. Tasks and goroutines may read, write and close at the same time, and no
// mutex is held while anybody waits. With green.Conn it is a net.Conn.
//
// # What waits costs little
//
// crypto/tls is code that blocks. Here it does not: the handshake runs on a coroutine
// of its own, which is given up at the end; afterwards crypto/tls gets bytes
// when they have come, and is told to try again later when they are used up, in the
// middle of a record too. A connection that waits has no goroutine, no coroutine but
// the handler's, no record and no buffer to read into.
//
// Still, crypto/tls itself keeps about 9 KiB of heap a connection: its state and ciphers,
// and two buffers as large as the client's first message, and as the largest record
// that was received, which it has no way to give back. So a server's connection is
// taken over from it when the handshake is over, and is tlsio's own affair from then
// on, if it is one of TLS 1.3 with AES-GCM. It keeps, for as long as it is open, the
// traffic secret and the key of each direction, two counters, the ConnectionState with
// the secret of its exporter, and nothing else: about 1 KiB. The ciphers that were used
// lately are kept by the loop, 512 at most. The handler's coroutine, whose stack
// is 2 KiB if the handler lets it, and its task come on top. bench/idletls measures it
// all, beside goroutines and net/http.
//
// # What is taken over, and how
//
// crypto/tls tells secrets to a key log, and nobody has to change it to ask. Every
// connection shakes hands with its own copy of the config, whose KeyLogWriter writes the
// secrets to that connection, and to the user's writer if there is one; no two
// connections share a place for them, and it is overwritten when the handshake is over,
// however it went. The lines themselves are garbage of crypto/tls's, which the collector
// gets like all of its state; Go promises no more about memory.
//
// Session tickets are made and read with the keys of the config that the user gave, so
// that they change, and are shared with other servers, as if there were no copies.
//
// Two things have to be exact. crypto/tls is handed not a byte beyond the record that it
// asks for, so that nothing is left in it at the end. And the number of records that
// it has sent under the new keys, tickets, is found by opening, with the secrets, every
// record that it has sent: one that does not open as it should leaves the connection
// with crypto/tls.
//
// It also stays there with TLS 1.2, with ChaCha20-Poly1305, in FIPS 140 mode, if the
// config has a GetConfigForClient, and if an Acceptor says KeepCryptoTLS. Connections of
// clients always stay, which have tickets to see to.
//
// The records are those of RFC 8446, section 5. What a client may send after its
// handshake is data, alerts, and KeyUpdate, which may be split over records, and whose
// answer comes before the next data that is written. All else ends the connection with
// the alert that the RFC has for it: other handshake messages, ChangeCipherSpec, a
// record that is too large or does not open, and more than 16 records in a row that
// bring nothing. Errors are those of crypto/tls. The own key is changed after 2^24
// records.
//
// # Partial records
//
// A deadline, or a cancelled task, can end a Read in the middle of a record: nothing is
// lost. It can end a Write in the middle of one too, and the peer must have the rest
// before anything else; see [Conn.Write]. So both can be tried again, which crypto/tls
// alone allows only for reading.
package tlsio
