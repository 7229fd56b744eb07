//go:build !unix

package fileio

import (
	"errors"
	"fmt"
	"os"

	"rondo.dev/rondo/async"
)

// FromOS takes over a file of package os. No driver for this platform has
// descriptors of the system.
func FromOS(t *async.Task, f *os.File) (*File, error) { return nil, here(t).noDescriptors() }

// OSFile hands the file over to package os. No driver for this platform has
// descriptors of the system.
func (f *File) OSFile(t *async.Task) (*os.File, error) { return nil, f.home.noDescriptors() }

func (p *place) noDescriptors() error {
	return fmt.Errorf("rondo/fileio: the driver %q has no descriptors of the system: %w", p.drv.Name(), errors.ErrUnsupported)
}
