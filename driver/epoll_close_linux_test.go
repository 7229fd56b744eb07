package driver

import (
	"os"
	"path/filepath"
	"testing"
)

// TestEpollLinger closes a socket whose close may take its time: not on the owner.
func TestEpollLinger(t *testing.T) {
	for _, c := range []struct {
		linger int
		here   bool
	}{{-1, true}, {0, true}, {1, false}} {
		ep := testEpoll(t, Options{})
		_, b := tcpPair(t, ep)
		if err := ep.SetOption(b, Linger, c.linger); err != nil {
			t.Fatal(err)
		}
		if got, err := ep.GetOption(b, Linger); got != c.linger || err != nil {
			t.Errorf("linger %d was set as %d, %v", c.linger, got, err)
		}
		var op Op
		var o outcomes
		op.Close(b, &o)
		ep.Submit(&op)
		if here := o.ends == 1; here != c.here {
			t.Errorf("with linger %d, closed by the owner: %v", c.linger, here)
		}
		await(t, ep, func() bool { return o.ends == 1 })
	}
}

// TestEpollCloseWaitsForPool closes a file under reads that are queued and one
// that runs.
func TestEpollCloseWaitsForPool(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	ep := testEpoll(t, Options{FileWorkers: 1})
	fd, err := ep.Dup(int(f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	entered, leave := make(chan bool), make(chan bool)
	ep.pool.perform = func(op *Op, w *worker) Result {
		if op.kind == OpReadAt {
			entered <- true
			<-leave
		}
		return performFile(op, w)
	}
	var reads [3]Op
	var results [3]outcomes
	for i := range reads {
		reads[i].ReadAt(fd, make([]byte, 1), 0, &results[i])
		ep.Submit(&reads[i])
	}
	<-entered
	var op Op
	var o outcomes
	op.Close(fd, &o)
	ep.Submit(&op)
	for i := range results {
		if running, done := i == 0, results[i].ends == 1; done == running {
			t.Errorf("read %d after the close was submitted: %+v", i, results[i].results)
		}
	}
	if o.ends != 0 {
		t.Error("closed under a running read")
	}
	if _, late := recv(ep, fd, 1); late.ends != 1 || late.last(t).Err == nil {
		t.Errorf("an operation submitted behind the close: %+v", late.results)
	}
	leave <- true
	await(t, ep, func() bool { return o.ends == 1 })
	if results[0].ends != 1 || results[0].last(t).Err != nil || o.last(t).Err != nil {
		t.Errorf("read %+v, close %+v", results[0].results, o.results)
	}
	if !results[1].cancelled() || !results[2].cancelled() {
		t.Errorf("queued reads %+v, %+v", results[1].results, results[2].results)
	}
}

func TestEpollCloseNowBusy(t *testing.T) {
	ep := testEpoll(t, Options{})
	_, b := pair(t)
	op, _ := recv(ep, b, 1)
	defer ep.Cancel(op)
	defer func() {
		if recover() == nil {
			t.Error("CloseNow closed a descriptor under a read")
		}
	}()
	_ = ep.CloseNow(b)
}

// TestEpollCloseTellsFirst closes a descriptor where completions are put off: it
// stays open until its operations have been told that they are cancelled.
func TestEpollCloseTellsFirst(t *testing.T) {
	ep := testEpoll(t, Options{})
	_, b := tcpPair(t, ep)
	var order []string
	var shut, waiting Op
	isOpen := func() bool {
		_, errno := rawStatus(int32(b))
		return errno == 0
	}
	waiting.Recv(b, make([]byte, 1), CompleterFunc(func(_ *Op, r Result) {
		order = append(order, "read")
		if !isOpen() || r.Err != ErrCanceled {
			t.Errorf("told %+v, open %v", r, isOpen())
		}
	}))
	ep.Submit(&waiting)
	nested(t, ep, func() {
		shut.Close(b, CompleterFunc(func(*Op, Result) {
			order = append(order, "close")
			if isOpen() {
				t.Error("told that it is closed, and it is open")
			}
		}))
		ep.Submit(&shut)
	})
	if len(order) != 0 {
		t.Fatalf("%v inside Submit: nothing was put off", order)
	}
	await(t, ep, func() bool { return len(order) == 2 })
	if order[0] != "read" {
		t.Errorf("%v", order)
	}
}
