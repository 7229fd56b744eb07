package driver

import "unsafe"

// Alignment is what direct I/O is content with everywhere: memory, offset and
// length are multiples of it. Many disks do with 512.
const Alignment = 4096

// Aligned returns n bytes whose address is a multiple of Alignment, for files that
// were opened with DirectIO.
func Aligned(n int) []byte {
	b := make([]byte, n+Alignment-1)
	// Only the number is looked at; Go's heap does not move.
	off := -uintptr(unsafe.Pointer(unsafe.SliceData(b))) % Alignment
	return b[off : int(off)+n : int(off)+n]
}
