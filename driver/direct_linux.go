package driver

import "golang.org/x/sys/unix"

// DirectIO is the flag of Open for I/O that goes past the page cache: O_DIRECT of
// open(2).
const DirectIO = unix.O_DIRECT
