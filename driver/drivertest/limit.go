package drivertest

import (
	"errors"
	"os"
	"path"
	"syscall"

	"rondo.dev/rondo/driver"
)

var limitTests = []test{
	{name: "Limit/accept", run: limitAccept, needs: []Feature{Limit}},
	{name: "Limit/socket", run: limitSocket, needs: []Feature{Limit}},
	{name: "Limit/open", run: limitOpen, needs: []Feature{Limit, Files}},
}

// limitAccept has no descriptor for a connection: accepting ends with EMFILE and
// goes on, with that connection, when there are descriptors again.
func limitAccept(r *rig) {
	for _, accept := range []func(c *call, fd int){
		func(c *call, fd int) { c.Accept(fd, c) },
		func(c *call, fd int) { c.AcceptMulti(fd, c) },
	} {
		l, at := r.listen(loopback, driver.ListenOptions{})
		a := r.socket(at)
		restore := r.suite.World.Exhaust(r.T, r.d)
		r.Cleanup(restore)
		r.must(func(c *call) { c.Connect(a, &driver.ConnectArgs{Addr: at}, c) })
		r.fails(syscall.EMFILE, func(c *call) { accept(c, l) })
		restore()
		b := r.accept(l)
		r.send(a, []byte("patience"))
		r.expect(b, []byte("patience"))
	}
}

func limitSocket(r *rig) {
	restore := r.suite.World.Exhaust(r.T, r.d)
	r.Cleanup(restore)
	if fd, err := r.d.Socket(loopback); !errors.Is(err, syscall.EMFILE) {
		r.Errorf("socket: %d, %v", fd, err)
	}
	if fd, err := r.d.Listen(loopback, driver.ListenOptions{}); !errors.Is(err, syscall.EMFILE) {
		r.Errorf("listen: %d, %v", fd, err)
	}
	if rd, wr, err := r.d.Pipe(); !errors.Is(err, syscall.EMFILE) {
		r.Errorf("pipe: %d, %d, %v", rd, wr, err)
	}
	restore()
	r.pair()
}

func limitOpen(r *rig) {
	args := &driver.OpenArgs{Path: path.Join(r.suite.World.Dir(r.T), "f"), Flags: os.O_CREATE | os.O_RDWR, Perm: 0o600}
	restore := r.suite.World.Exhaust(r.T, r.d)
	r.Cleanup(restore)
	r.fails(syscall.EMFILE, func(c *call) { c.Open(args, c) })
	restore()
	r.own(r.must(func(c *call) { c.Open(args, c) }))
}
