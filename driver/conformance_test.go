package driver_test

import (
	"testing"
	"time"

	"rondo.dev/rondo/driver"
	"rondo.dev/rondo/driver/drivertest"
)

func TestMemoryConformance(t *testing.T) {
	for _, c := range []struct {
		name string
		o    driver.MemoryOptions
	}{
		{"plain", driver.MemoryOptions{}},
		{"tiny", driver.MemoryOptions{StreamSize: 4096, Buffers: 9, BufferSize: 100}},
		{"short", driver.MemoryOptions{Faults: driver.Faults{Short: 0.7}}},
		{"slow", driver.MemoryOptions{Faults: driver.Faults{Delay: 0.8}}},
		{"shuffled", driver.MemoryOptions{Faults: driver.Faults{Delay: 0.3, MaxDelay: 3, Reorder: 1}}},
		{"spurious", driver.MemoryOptions{Faults: driver.Faults{Spurious: 0.5}}},
		{"late_cancels", driver.MemoryOptions{Faults: driver.Faults{Late: 1}}},
		{"won_cancels", driver.MemoryOptions{Faults: driver.Faults{Delay: 0.5, Win: 1}}},
		{"everything", driver.MemoryOptions{Faults: driver.Faults{Short: 0.3, Delay: 0.5, MaxDelay: 50 * time.Microsecond,
			Reorder: 0.5, Spurious: 0.2, Late: 0.5, Win: 0.5}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			seeds := uint64(1)
			if c.name == "everything" {
				seeds = 3
			}
			for seed := range seeds {
				c.o.Seed = seed
				drivertest.Suite{
					Open:  func(*testing.T) driver.Driver { return driver.NewMemory(c.o) },
					World: machine{},
					Lacks: []drivertest.Feature{drivertest.Rights, drivertest.Sharing, drivertest.Signals},
				}.Run(t)
			}
		})
	}
}

// machine is the World inside a Memory.
type machine struct{}

func (machine) Pipe(d driver.Driver) (r, w int, err error) { return d.(*driver.Memory).Pipe() }

func (machine) Messages(d driver.Driver) (a, b int, err error) { return d.(*driver.Memory).Packets() }

func (machine) Dir(*testing.T) string { return "/" }

func (machine) Exhaust(_ *testing.T, d driver.Driver) (restore func()) {
	m := d.(*driver.Memory)
	m.SetMaxFDs(-1)
	return func() { m.SetMaxFDs(0) }
}

func (machine) Interrupt(t *testing.T) (stop func()) {
	t.Fatal("a machine in memory has no signals")
	return nil
}

func (machine) Rights(...int) []byte              { return nil }
func (machine) ParseRights([]byte) ([]int, error) { return nil, nil }
func (machine) Inspect(t *testing.T, fd int)      { _, _ = t, fd }
func (machine) Abandon(int)                       {}
