package driver_test

import (
	"errors"
	"fmt"
	"log"
	"net/netip"

	"rondo.dev/rondo/driver"
)

// An echoer sends back what a connection sends. It has one operation in flight
// at a time, so one Op does for all of them.
type echoer struct {
	d    driver.Driver
	op   driver.Op
	fd   int
	buf  [4096]byte
	rest []byte // received, and still to be sent back
}

// Complete is called when the Recv, Send or Close has ended, and starts what
// comes next.
func (e *echoer) Complete(op *driver.Op, r driver.Result) {
	switch {
	case op.Kind() == driver.OpClose:
		return
	case r.Err != nil || op.Kind() == driver.OpRecv && r.N == 0:
		op.Close(e.fd, e)
	case op.Kind() == driver.OpRecv:
		e.rest = e.buf[:r.N]
		op.Send(e.fd, e.rest, e)
	default:
		if e.rest = e.rest[r.N:]; len(e.rest) > 0 {
			op.Send(e.fd, e.rest, e)
		} else {
			op.Recv(e.fd, e.buf[:], e)
		}
	}
	e.d.Submit(op)
}

// serveEcho echoes every connection of a listener, for as long as the owner of d
// calls Wait.
func serveEcho(d driver.Driver, listener int) {
	var accept driver.Op
	accept.AcceptMulti(listener, driver.CompleterFunc(func(_ *driver.Op, r driver.Result) {
		switch {
		case r.Err == nil:
			e := &echoer{d: d, fd: r.N}
			e.op.Recv(e.fd, e.buf[:], e)
			d.Submit(&e.op)
		case !errors.Is(r.Err, driver.ErrCanceled):
			log.Print("accept: ", r.Err)
		}
	}))
	d.Submit(&accept)
}

// An echo server, and a client that talks to it on the same driver. Here it is
// the one in memory; with driver.Open in place of NewMemory nothing else changes.
func Example() {
	var d driver.Driver = driver.NewMemory(driver.MemoryOptions{})

	address := driver.Addr{AddrPort: netip.MustParseAddrPort("127.0.0.1:0")}
	listener, err := d.Listen(address, driver.ListenOptions{})
	if err != nil {
		log.Fatal(err)
	}
	serveEcho(d, listener)

	if address, err = d.LocalAddr(listener); err != nil {
		log.Fatal(err)
	}
	client, err := d.Socket(address)
	if err != nil {
		log.Fatal(err)
	}
	// await submits an operation and runs the driver until it has ended.
	await := func(prepare func(op *driver.Op, c driver.Completer)) (result driver.Result) {
		var op driver.Op
		prepare(&op, driver.CompleterFunc(func(_ *driver.Op, r driver.Result) { result = r }))
		for d.Submit(&op); op.InFlight(); {
			if err := d.Wait(-1); err != nil {
				log.Fatal(err)
			}
		}
		if result.Err != nil {
			log.Fatal(op.Kind(), ": ", result.Err)
		}
		return result
	}
	await(func(op *driver.Op, c driver.Completer) { op.Connect(client, &driver.ConnectArgs{Addr: address}, c) })
	await(func(op *driver.Op, c driver.Completer) { op.Send(client, []byte("Once more, with feeling."), c) })
	buf := make([]byte, 100)
	got := await(func(op *driver.Op, c driver.Completer) { op.Recv(client, buf, c) })
	fmt.Printf("%s\n", buf[:got.N])
	// Cancels the listener's operation too.
	d.Close()
	// Output: Once more, with feeling.
}
