package driver_test

import (
	"runtime"
	"testing"

	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/driver/drivertest"
	"rondo.dev/rondo/internal/testdrivers"
)

// The kernel wakes those that wait for one descriptor in an order of its own.
var uringLacks = []drivertest.Feature{drivertest.Order}

func openUring(t *testing.T, o driver.Options) driver.Driver {
	d, err := driver.OpenUring(o)
	if err != nil {
		testdrivers.Here() // panics if it has to be there
		t.Skip(err)
	}
	return d
}

func TestUringConformance(t *testing.T) {
	drivertest.Suite{
		Open:  func(t *testing.T) driver.Driver { return openUring(t, driver.Options{}) },
		Lacks: uringLacks,
	}.Run(t)
}

func TestUringConformanceLocked(t *testing.T) {
	drivertest.Suite{
		Open: func(t *testing.T) driver.Driver {
			runtime.LockOSThread() // for good: the thread ends with the subtest
			return openUring(t, driver.Options{Locked: true})
		},
		Lacks: uringLacks,
	}.Run(t)
}

func TestUringConformanceInterrupt(t *testing.T) {
	drivertest.Suite{
		Open: func(t *testing.T) driver.Driver {
			return openUring(t, driver.Options{Interrupt: true})
		},
		Lacks: uringLacks,
	}.Run(t)
}

// TestUringConformanceTiny has queues and buffers so small that all of them are
// always full.
func TestUringConformanceTiny(t *testing.T) {
	drivertest.Suite{
		Open: func(t *testing.T) driver.Driver {
			return openUring(t, driver.Options{Entries: 1, Buffers: 12, BufferSize: 64})
		},
		Lacks: uringLacks,
	}.Run(t)
}

// TestUringConformanceOld runs on what is left on an old kernel.
func TestUringConformanceOld(t *testing.T) {
	drivertest.Suite{
		Open: func(t *testing.T) driver.Driver {
			openUring(t, driver.Options{}).Close()
			d, err := driver.OpenOldUring(driver.Options{})
			if err != nil {
				t.Fatal(err)
			}
			return d
		},
		Lacks: uringLacks,
	}.Run(t)
}
