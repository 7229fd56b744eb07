package async

import "testing"

// A ring keeps its order when it grows, gives the memory of a burst back when that is
// over, and not before.
func TestRing(t *testing.T) {
	var r ring
	cores := make([]Core, 2*maxRing)
	for range 2 {
		for i := range cores {
			r.push(&cores[i])
			if i == maxRing {
				r.trim()
			}
		}
		for i := range cores {
			if r.pop() != &cores[i] {
				t.Fatalf("core %d is out of its order", i)
			}
		}
		if len(r.buf) < len(cores) {
			t.Errorf("room for %d before it was trimmed", len(r.buf))
		}
		if r.trim(); len(r.buf) > maxRing || r.len() != 0 {
			t.Errorf("room for %d, with %d in it", len(r.buf), r.len())
		}
	}
	r.push(&cores[0])
	if r.trim(); r.len() != 1 || r.pop() != &cores[0] {
		t.Error("what was in it is lost")
	}
}
