package process_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"rondo.dev/rondo/async"
	"rondo.dev/rondo/internal/worlds"
	"rondo.dev/rondo/process"
)

// Programs that are cancelled at any moment, from before their start to after their
// end: each call has all of its result, or is told why not; and no process, task,
// goroutine or descriptor is left.
func TestCancelAnywhere(t *testing.T) {
	in := bytes.Repeat([]byte("0123456789abcde\n"), 20_000)
	rounds := 150
	if testing.Short() {
		rounds = 30
	}
	worlds.EachKernel(t, func(t *testing.T, w worlds.World) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		rng := rand.New(rand.NewPCG(seed, 0))
		finished, cancelled := 0, 0
		run(t, w, func(t *testing.T, task *async.Task) {
			began := time.Now()
			check(t, process.Command("cat").Run(task))
			typical := time.Since(began)
			g := async.NewGroup(task, 4)
			for i := range rounds {
				g.Go(func(task *async.Task) error {
					limit := time.Duration(rng.Int64N(int64(8 * typical)))
					switch i % 10 {
					case 0:
						limit = time.Hour
					case 1:
						limit = 0
					}
					limited, stop := task.WithTimeout(limit)
					defer stop()
					cmd := process.Command("cat")
					cmd.Stdin = bytes.NewReader(in)
					cmd.Group = rng.IntN(2) == 0
					if rng.IntN(2) == 0 {
						cmd.Cancel = func() error { return cmd.Signal(syscall.SIGTERM) }
						cmd.WaitDelay = time.Duration(rng.IntN(int(5 * time.Millisecond)))
					}
					out, err := cmd.Output(limited)
					switch {
					case err == nil:
						finished++
						if !bytes.Equal(out, in) {
							t.Errorf("%d bytes of %d, and no error", len(out), len(in))
						}
					case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, exec.ErrWaitDelay):
						cancelled++
						if !bytes.HasPrefix(in, out) {
							t.Errorf("%d bytes that are not the beginning", len(out))
						}
					default:
						t.Errorf("got %v", err)
					}
					return nil
				})
			}
			check(t, g.Wait(task))
		})
		t.Logf("%d finished, %d were cancelled", finished, cancelled)
		if finished == 0 || cancelled == 0 {
			t.Error("the test tests nothing")
		}
	})
}
