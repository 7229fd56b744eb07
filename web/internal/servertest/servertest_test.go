package servertest

import (
	"testing"

	"rondo.dev/rondo/web/internal/servers"
)

// TestStandard is what the tests are held against.
func TestStandard2(t *testing.T) { Test2(t, servers.Standard) }

func TestStandard(t *testing.T) { Test(t, servers.Standard) }
