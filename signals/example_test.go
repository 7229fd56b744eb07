//go:build unix

package signals_test

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/signals"
	"rondo.dev/rondo/timer"
)

// A program that stops in order when it is told to.
func ExampleWithCancel() {
	err := rondo.Run(func(t *async.Task) error {
		t, stop := signals.WithCancel(t, os.Interrupt, syscall.SIGTERM)
		defer stop()
		syscall.Kill(os.Getpid(), syscall.SIGTERM) // what an operator does
		return timer.Sleep(time.Hour).Await(t)
	})
	var sig *signals.Error
	fmt.Println(errors.As(err, &sig), err)
	// Output: true terminated
}

// A program that reads its configuration anew at each SIGHUP.
func ExampleListen() {
	err := rondo.Run(func(t *async.Task) error {
		hup := signals.Listen(t, syscall.SIGHUP)
		defer hup.Close()
		for range 2 {
			syscall.Kill(os.Getpid(), syscall.SIGHUP)
			if _, err := hup.Next().Await(t); err != nil {
				return err
			}
			fmt.Println("reload")
		}
		return nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// reload
	// reload
}
