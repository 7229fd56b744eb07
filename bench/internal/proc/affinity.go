package proc

import (
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

// CPUs returns the processors that the process may use.
func CPUs() ([]int, error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil, err
	}
	var cpus []int
	for cpu := range len(set) * 64 {
		if set.IsSet(cpu) {
			cpus = append(cpus, cpu)
		}
	}
	return cpus, nil
}

// StartOn starts a command whose threads may use only one processor.
func StartOn(cmd *exec.Cmd, cpu int) error {
	// A child inherits the mask of the thread that forks it. The thread is not
	// unlocked but thrown away by Go when this goroutine ends, so that its mask
	// needs no restoring.
	failed := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		var set unix.CPUSet
		set.Set(cpu)
		if err := unix.SchedSetaffinity(0, &set); err != nil {
			failed <- err
			return
		}
		failed <- cmd.Start()
	}()
	return <-failed
}
