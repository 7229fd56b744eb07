//go:build !linux

package driver

// platform returns nothing: no driver for this platform exists yet, and Open
// says so.
func platform() []choice { return nil }
