package testdrivers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"rondo.dev/rondo/internal/testdrivers"
)

// TestRequire: what is asked for and not there is not passed over.
func TestRequire(t *testing.T) {
	t.Setenv("RONDO_REQUIRE", "")
	t.Setenv("RONDO_IO_URING", "off")
	if here := testdrivers.Here(); slices.Contains(here, "io_uring") {
		t.Errorf("io_uring is off, and there are %q", here)
	}
	t.Setenv("RONDO_REQUIRE", "epoll,io_uring")
	defer func() {
		if v := fmt.Sprint(recover()); !strings.Contains(v, "can't be opened") {
			t.Errorf("Here went on: %s", v)
		}
	}()
	testdrivers.Here()
}
