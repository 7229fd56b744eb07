// Package testdrivers tells tests which drivers of the system they can run on.
package testdrivers

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"rondo.dev/rondo/driver"
)

// Here returns the names of the drivers that this system has and allows, the best
// first.
//
// A test that does without io_uring where a sandbox forbids it would also do without
// one that is broken. So the environment variable RONDO_REQUIRE names those, with
// commas between them, that have to be there: Here panics if one is not.
func Here() []string {
	var here []string
	for _, name := range []string{"io_uring", "epoll"} {
		d, err := driver.Open(name, driver.Options{})
		if err == nil {
			d.Close()
			here = append(here, name)
		}
		if err != nil && required(name) {
			panic(fmt.Sprintf("RONDO_REQUIRE asks for %s, which can't be opened: %v", name, err))
		}
	}
	return here
}

func required(name string) bool {
	return slices.Contains(strings.Split(os.Getenv("RONDO_REQUIRE"), ","), name)
}
