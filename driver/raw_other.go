//go:build !linux

package driver

// What the arguments of operations carry for the kernel's sake: nothing, where
// the driver does not hand such memory to a kernel.
type (
	rawVec   struct{}
	rawMsg   struct{}
	rawBatch struct{}
	rawAddr  struct{}
	rawPath  struct{}
	rawStat  struct{}
)

func (*rawMsg) forget() {}
