package driver_test

import (
	"runtime"
	"testing"

	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/driver/drivertest"
)

func TestEpollConformance(t *testing.T) {
	drivertest.Run(t, func(t *testing.T) driver.Driver {
		return opened(t)(driver.OpenEpoll(driver.Options{}))
	})
}

func TestEpollConformanceLocked(t *testing.T) {
	drivertest.Run(t, func(t *testing.T) driver.Driver {
		runtime.LockOSThread() // for good: the thread ends with the subtest
		return opened(t)(driver.OpenEpoll(driver.Options{Locked: true}))
	})
}

// TestEpollConformanceTiny has so few buffers, and one worker for files, that
// everything has to wait for everything.
func TestEpollConformanceTiny(t *testing.T) {
	drivertest.Run(t, func(t *testing.T) driver.Driver {
		return opened(t)(driver.OpenEpoll(driver.Options{Entries: 1, Buffers: 9, BufferSize: 64, FileWorkers: 1}))
	})
}

func opened(t *testing.T) func(driver.Driver, error) driver.Driver {
	return func(d driver.Driver, err error) driver.Driver {
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
}
