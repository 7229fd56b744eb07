package driver

import "golang.org/x/sys/unix"

// seekable remembers descriptors that were found to have positions. io_uring
// takes the offset of a ReadAt for one without for no offset at all, and would
// read from the stream; pread(2) says ESPIPE. Its answer is asked for once.
//
// A number that was closed behind the driver's back, and is now a stream's, is
// remembered wrongly: then a misuse goes unnoticed.
type seekable []uint64 // a bit for each descriptor

// check returns ESPIPE if fd is known to be a stream; all else that is wrong with
// it shows in the operation. asked tells whether a system call was made.
func (s *seekable) check(fd int32) (asked bool, err error) {
	if fd < 0 {
		return false, nil
	}
	word, bit := int(fd/64), uint64(1)<<(fd%64)
	if word < len(*s) && (*s)[word]&bit != 0 {
		return false, nil
	}
	// It reads nothing, so it does not block.
	_, _, errno := unix.RawSyscall6(unix.SYS_PREAD64, uintptr(fd), 0, 0, 0, 0, 0)
	switch errno {
	case 0:
		for word >= len(*s) {
			*s = append(*s, 0)
		}
		(*s)[word] |= bit
	case unix.ESPIPE:
		return true, unix.ESPIPE
	}
	return true, nil
}

// forget is called when fd is closed.
func (s seekable) forget(fd int32) {
	if word := int(fd / 64); fd >= 0 && word < len(s) {
		s[word] &^= 1 << (fd % 64)
	}
}
