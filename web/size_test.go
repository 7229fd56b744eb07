package web

import (
	"reflect"
	"strconv"
	"testing"
)

// TestSize: a connection is as large as the documents say.
func TestSize(t *testing.T) {
	if strconv.IntSize != 64 {
		t.Skip("sizes are those of 64 bits")
	}
	if n := reflect.TypeFor[connection]().Size(); n > 208 {
		t.Errorf("%d bytes", n)
	}
	// One that was taken over has this in place of it.
	if n := reflect.TypeFor[succession]().Size(); n > 144 {
		t.Errorf("%d bytes", n)
	}
}

// TestRequestSize: what each request takes anew is as large as its class in the allocator
// has room for.
func TestRequestSize(t *testing.T) {
	if strconv.IntSize != 64 {
		t.Skip("sizes are those of 64 bits")
	}
	if n := reflect.TypeFor[request]().Size(); n > 352 {
		t.Errorf("%d bytes", n)
	}
}
