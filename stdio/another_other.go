//go:build !unix

package stdio

import (
	"errors"
	"os"
)

func another(f *os.File, _ int) (*os.File, error) {
	return nil, &os.PathError{Op: "dup", Path: f.Name(), Err: errors.ErrUnsupported}
}
