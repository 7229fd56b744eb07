//go:build !linux

package netio

// queued is not known here.
func queued(int) int { return 0 }
