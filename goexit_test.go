package rondo_test

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
)

// exits is a lowered function that ends the loop's goroutine.
type exits struct{}

func (exits) Step(*async.Task) (done bool)    { runtime.Goexit(); return true }
func (exits) Result() (v struct{}, err error) { return }
func (exits) Outcome() error                  { return nil }

func awaitExits(t *async.Task) error {
	var j async.Join[struct{}]
	async.SpawnFrame(t, &j, exits{}, 0)
	_, err := j.Await(t)
	return err
}

// A Goexit on the loop's own stack ends its task; the loop goes on.
func TestGoexitOfALoweredFunction(t *testing.T) {
	err := rondo.Run(func(t *async.Task) error {
		for range 3 {
			if err := awaitExits(t); err != async.ErrGoexit {
				return err
			}
		}
		return nil
	}, rondo.Loops(1))
	if err != nil {
		t.Error(err)
	}
}

// Where the loop is bound to its thread it can't, and says so with its last breath.
func TestGoexitOnALockedLoop(t *testing.T) {
	if os.Getenv("RONDO_TEST_GOEXIT") != "" {
		rondo.Run(awaitExits, rondo.Loops(1), rondo.LockedLoops())
		return
	}
	again := exec.Command(os.Args[0], "-test.run=^TestGoexitOnALockedLoop$")
	again.Env = append(os.Environ(), "RONDO_TEST_GOEXIT=1")
	out, err := again.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "do without LockedLoops, or without Goexit") {
		t.Errorf("%v\n%s", err, out)
	}
}
