package repeat_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"rondo.dev/rondo/internal/repeat"
)

func TestOnly(t *testing.T) {
	cause, news := errors.New("cause"), errors.New("news")
	both := errors.Join(cause, news)
	for _, c := range []struct {
		err, cause error
		want       bool
	}{
		{cause, cause, true},
		{news, cause, false},
		{nil, cause, false},
		{fmt.Errorf("wrapped: %w", cause), cause, true},
		{both, cause, false},
		{both, both, true},
		{fmt.Errorf("wrapped: %w", both), cause, false},
		{fmt.Errorf("wrapped: %w", both), both, true},
		{errors.Join(cause, fmt.Errorf("again: %w", cause)), cause, true},
		{fmt.Errorf("%w and %w", cause, io.EOF), cause, false},
		{&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, os.ErrDeadlineExceeded, true},
		{os.NewSyscallError("read", syscall.ENOENT), os.ErrNotExist, true},
		{list{1}, list{1}, false},
	} {
		if got := repeat.Only(c.err, c.cause); got != c.want {
			t.Errorf("Only(%v, %v) is %v", c.err, c.cause, got)
		}
	}
}

// list is an error that can't be compared.
type list []int

func (list) Error() string { return "list" }
