// Package netiotest has what async code that reads and writes is tested with:
// streams without a network, a driver or a kernel.
//
// [Duplex] makes the two ends of a connection in memory, which behave like those of
// a *netio.Conn: their operations wait, time out, are cancelled, lose, and end alike.
//
//	e := asynctest.New(t)
//	client, server := netiotest.Duplex(e.Executor(), 16)
//
// [NewScript] makes one end whose other is a list: what is read, what has to be
// written, how long nothing happens, which error comes.
//
//	s := netiotest.NewScript(t, e.Executor()).
//		Reads("PING\r\n").Writes("PONG\r\n").Waits(time.Hour).ReadFails(io.ErrUnexpectedEOF)
//
// Both belong to one executor: that of package asynctest, or a loop's.
package netiotest
