package drivertest

import (
	"errors"
	"syscall"

	"rondo.dev/rondo/driver"
)

var optionTests = []test{
	{name: "Options/set_and_get", run: optionValues},
	{name: "Options/refused", run: optionErrors},
}

func optionValues(r *rig) {
	a, _ := r.pair()
	equal := func(got, set int) bool { return got == set }
	truth := func(got, set int) bool { return (got != 0) == (set != 0) }
	atLeast := func(got, set int) bool { return got >= set }
	off := func(got, _ int) bool { return got < 0 }
	for _, c := range []struct {
		name   string
		option driver.Option
		set    int
		good   func(got, set int) bool
	}{
		{"no delay", driver.NoDelay, 1, truth},
		{"no delay off", driver.NoDelay, 0, truth},
		{"keep alive", driver.KeepAlive, 1, truth},
		{"keep alive off", driver.KeepAlive, 0, truth},
		{"keep alive idle", driver.KeepAliveIdle, 31, equal},
		{"keep alive period", driver.KeepAlivePeriod, 7, equal},
		{"keep alive count", driver.KeepAliveCount, 5, equal},
		{"linger", driver.Linger, 3, equal},
		{"linger zero", driver.Linger, 0, equal},
		{"linger off", driver.Linger, -1, off},
		{"send buffer", driver.SendBuffer, 40_000, atLeast},
		{"receive buffer", driver.RecvBuffer, 40_000, atLeast},
	} {
		if err := r.d.SetOption(a, c.option, c.set); err != nil {
			r.Errorf("%s: set: %v", c.name, err)
			continue
		}
		if got, err := r.d.GetOption(a, c.option); err != nil || !c.good(got, c.set) {
			r.Errorf("%s: set to %d, got %d, %v", c.name, c.set, got, err)
		}
	}
	if got, err := r.d.GetOption(a, driver.SocketError); got != 0 || err != nil {
		r.Errorf("the error of a sound socket: %d, %v", got, err)
	}
}

func optionErrors(r *rig) {
	a, _ := r.pair()
	const unknown = driver.Option(250)
	if err := r.d.SetOption(a, unknown, 1); !errors.Is(err, errors.ErrUnsupported) {
		r.Errorf("setting an unknown option: %v", err)
	}
	if _, err := r.d.GetOption(a, unknown); !errors.Is(err, errors.ErrUnsupported) {
		r.Errorf("getting an unknown option: %v", err)
	}
	if err := r.d.SetOption(a, driver.SocketError, 1); !errors.Is(err, errors.ErrUnsupported) {
		r.Errorf("setting the socket's error: %v", err)
	}
	if err := r.d.SetOption(-1, driver.NoDelay, 1); !errors.Is(err, syscall.EBADF) {
		r.Errorf("setting an option of no socket: %v", err)
	}
	if _, err := r.d.GetOption(-1, driver.NoDelay); !errors.Is(err, syscall.EBADF) {
		r.Errorf("getting an option of no socket: %v", err)
	}
	if _, err := r.d.LocalAddr(-1); !errors.Is(err, syscall.EBADF) {
		r.Errorf("the address of no socket: %v", err)
	}
	if err := r.d.CloseNow(-1); !errors.Is(err, syscall.EBADF) {
		r.Errorf("closing no socket: %v", err)
	}
}
