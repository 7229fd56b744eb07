package netio

import "os"

// Open files that go along with bytes over Unix sockets.

// dupFiles adds to dups descriptors for files that are to be sent, which are closed when
// they have been: so it is these files that are sent, even if somebody closes one
// meanwhile and its number gets another meaning. With an error there are none.
func (p *place) dupFiles(dups []int, files []*os.File) ([]int, error) {
	had := len(dups)
	for _, f := range files {
		raw, err := f.SyscallConn()
		if err != nil {
			p.closeDups(dups[had:])
			return dups[:had], err
		}
		var failed error
		err = raw.Control(func(fd uintptr) {
			n, err := p.drv.Dup(int(fd))
			if failed = err; err == nil {
				dups = append(dups, n)
			}
		})
		if err != nil {
			err = os.ErrClosed // the only reason
		} else {
			err = os.NewSyscallError("dup", failed)
		}
		if err != nil {
			p.closeDups(dups[had:])
			return dups[:had], err
		}
	}
	return dups, nil
}

func (p *place) closeDups(dups []int) []int {
	for _, fd := range dups {
		p.drv.CloseNow(fd)
	}
	return dups[:0]
}

// filesOf makes files of descriptors that have come.
func filesOf(rights []int, name string) (files []*os.File) {
	for _, fd := range rights {
		files = append(files, os.NewFile(uintptr(fd), name))
	}
	return files
}

// fitFiles hands m as many of files as it has room for, closes the others, and reports
// whether there were any.
func (m *Message) fitFiles(files []*os.File) (tooMany bool) {
	fits := min(len(files), max(m.MaxFiles, 0))
	m.Files = files[:fits:fits]
	if fits == 0 {
		m.Files = nil
	}
	closeFiles(files[fits:])
	return fits < len(files)
}

func closeFiles(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}
