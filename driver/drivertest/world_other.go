//go:build !linux

package drivertest

// kernelWorld returns nil: on this platform a Suite brings its own World.
func kernelWorld() World { return nil }
