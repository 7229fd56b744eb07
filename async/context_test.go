package async

import (
	"context"
	"errors"
	"testing"
)

// TestContextMadeLate: a context that is made when its task has been cancelled, and is
// about to end, says why it was cancelled.
func TestContextMadeLate(t *testing.T) {
	why := errors.New("why")
	b := &cold{cause: why}
	x := lazily(&b.ctx, context.Background(), func() error {
		b.endContexts() // after it can be seen, and before it is told
		return why
	})
	if got := context.Cause(x); got != why {
		t.Errorf("the cause is %v", got)
	}
}
