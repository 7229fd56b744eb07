package driver

import (
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// What is encoded is what the library of the system's constants makes of it.
func TestAncillaryRights(t *testing.T) {
	for n := 1; n < 8; n++ {
		fds := []int{3, 4, 5, 6, 7, 8, 9}[:n]
		got := (&Ancillary{Rights: fds}).control(nil, true)
		if want := unix.UnixRights(fds...); !slices.Equal(got, want) {
			t.Errorf("%d descriptors are encoded as %v, want %v", n, got, want)
		}
		var a Ancillary
		if a.parse(got); !slices.Equal(a.Rights, fds) {
			t.Errorf("%v was decoded as %v", fds, a.Rights)
		}
	}
}

func FuzzAncillary(f *testing.F) {
	f.Add((&Ancillary{Rights: []int{1, 2, 3}}).control(nil, true))
	f.Add((&Ancillary{TrafficClass: 3, SegmentSize: 1200}).control(nil, true))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		var a, again Ancillary
		a.parse(b)
		if a.TrafficClass < 0 || a.TrafficClass > 255 || a.SegmentSize < 0 || a.SegmentSize > 0xffff || 4*len(a.Rights) > len(b) {
			t.Errorf("decoded %+v", a)
		}
		// What was understood is understood again. A size is sent as another type
		// than it is received as.
		again.parse((&Ancillary{TrafficClass: a.TrafficClass, Rights: a.Rights}).control(nil, true))
		if again.TrafficClass != a.TrafficClass || !slices.Equal(again.Rights, a.Rights) {
			t.Errorf("%+v became %+v", a, again)
		}
	})
}
