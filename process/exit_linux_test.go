package process

import (
	"os/exec"
	"testing"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/worlds"
)

// Where the driver does not take the handle, a goroutine waits instead.
func TestExitWithoutDriver(t *testing.T) {
	worlds.Each(t, func(t *testing.T, w worlds.World) {
		w.Run(t, func(task *async.Task) {
			cmd := exec.Command("/bin/sh", "-c", "exit 6")
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			const notOpen = 1 << 20
			x := newExit(task, cmd.Process, notOpen)
			if _, err := async.Await(task, x); err != nil {
				t.Error(err)
			}
			if state, err := x.reap(); err != nil || state.ExitCode() != 6 {
				t.Errorf("got %v, %v", state, err)
			}
		})
	})
}
