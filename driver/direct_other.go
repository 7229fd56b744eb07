//go:build !linux

package driver

// DirectIO is the flag of Open for I/O that goes past the page cache. Here only
// the machine in memory knows it.
const DirectIO = 1 << 30
