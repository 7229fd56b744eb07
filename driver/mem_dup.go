package driver

import "errors"

// Dup is for several loops on one socket, which this driver does not have.
func (m *Memory) Dup(int) (int, error) { return -1, errors.ErrUnsupported }
