// Package leak helps tests to find what is left behind.
package leak

import (
	"os"
	"testing"
	"time"
)

// Eventually waits for what happens behind the test's back. The limit is for
// failures only.
func Eventually(t *testing.T, complaint string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !f(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Error(complaint)
			return
		}
	}
}

// OpenFDs counts the descriptors of the process, where the system tells.
func OpenFDs() int {
	// A pipe first, so that what the Go runtime keeps for such things is there.
	if r, w, err := os.Pipe(); err == nil {
		r.Close()
		w.Close()
	}
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(list)
}
