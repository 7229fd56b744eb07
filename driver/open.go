package driver

import (
	"errors"
	"fmt"
)

// Open opens the driver of that name:
//
//	"auto"      the best one that the system has and allows
//	"io_uring"  on Linux 5.19 or newer
//	"epoll"     on Linux
//
// What "auto" has chosen is the Name of the result. The error for a name that the
// platform does not have wraps errors.ErrUnsupported.
func Open(name string, o Options) (Driver, error) {
	var refused []error
	for _, p := range platform() {
		if name != p.name && name != "auto" {
			continue
		}
		d, err := p.open(o)
		if err == nil {
			return d, nil
		}
		refused = append(refused, err)
	}
	if refused != nil {
		return nil, errors.Join(refused...)
	}
	return nil, fmt.Errorf("rondo/driver: no driver %q on this platform: %w", name, errors.ErrUnsupported)
}

// A choice is a driver that Open can open.
type choice struct {
	name string
	open func(Options) (Driver, error)
}
