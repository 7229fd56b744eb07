//go:build !unix

package process

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

var errNoGroups = fmt.Errorf("rondo/process: process groups: %w", errors.ErrUnsupported)

func withGroup(*syscall.SysProcAttr) (*syscall.SysProcAttr, error) { return nil, errNoGroups }

func signalGroup(int, os.Signal) error { return errNoGroups }
