package app

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"time"
)

// A restart hands the listening socket on: the successor has it before this process lets
// go of it, so that there is no moment at which a client is refused. Beside the socket the
// successor has two pipes. It writes to one when it is ready; the other ends when its
// predecessor has ended, and no longer has the messages.
const (
	inherited   = "CHAT_INHERITED" // in the environment of a successor
	listenerFD  = 3
	readyFD     = 4
	endFD       = 5
	readyWithin = 30 * time.Second
)

// heir is what a process has from its predecessor. nil has none.
type heir struct {
	listener, told, end *os.File
}

func inherit() *heir {
	if os.Getenv(inherited) == "" {
		return nil
	}
	os.Unsetenv(inherited)
	return &heir{os.NewFile(listenerFD, "listener"), os.NewFile(readyFD, "ready"), os.NewFile(endFD, "end")}
}

func (h *heir) listen(addr string) (net.Listener, error) {
	if h == nil {
		return net.Listen("tcp", addr)
	}
	defer h.listener.Close()
	return net.FileListener(h.listener)
}

// ready tells the predecessor that it can go.
func (h *heir) ready() {
	if h == nil || h.told == nil {
		return
	}
	h.told.Write([]byte("ready"))
	h.told.Close()
	h.told = nil
}

// waitForEnd waits until the predecessor has ended.
func (h *heir) waitForEnd() {
	if h == nil {
		return
	}
	h.end.Read(make([]byte, 1)) // there is nothing to read but the end
	h.end.Close()
}

// lifeline is the end of a pipe that is closed when this process ends. It is kept here, for
// a file that nobody has is closed at the next collection.
//
//lint:ignore U1000 see above
var lifeline *os.File

// succeed starts this program anew, with the same arguments and the listener, and waits
// until it is ready.
func succeed(l net.Listener) error {
	file, err := l.(*net.TCPListener).File()
	if err != nil {
		return err
	}
	defer file.Close()
	told, tell, err := os.Pipe()
	if err != nil {
		return err
	}
	defer told.Close()
	defer tell.Close()
	end, life, err := os.Pipe()
	if err != nil {
		return err
	}
	defer end.Close()
	program, err := os.Executable()
	if err != nil {
		return err
	}
	next := exec.Command(program, os.Args[1:]...)
	next.Env = append(os.Environ(), inherited+"=yes")
	next.Stdout, next.Stderr = os.Stdout, os.Stderr
	next.ExtraFiles = []*os.File{file, tell, end}
	if err := next.Start(); err != nil {
		life.Close()
		return err
	}
	tell.Close()
	told.SetReadDeadline(time.Now().Add(readyWithin))
	if _, err := told.Read(make([]byte, 1)); err != nil {
		life.Close()
		next.Process.Kill()
		return errors.Join(fmt.Errorf("the successor does not get ready: %w", err), next.Wait())
	}
	lifeline = life
	return nil
}
