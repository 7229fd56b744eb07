package driver

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// sandboxed is set in the environment of a test that has been started again, in
// order to lock itself up.
const sandboxed = "RONDO_TEST_SANDBOX"

// TestSeccomp refuses io_uring as containers do, for the whole of a process that
// cannot take it back, and checks that drivers are opened all the same.
func TestSeccomp(t *testing.T) {
	for _, c := range []struct {
		name string
		call uint32
		err  error
	}{
		{"setup", unix.SYS_IO_URING_SETUP, syscall.EPERM},
		{"register", unix.SYS_IO_URING_REGISTER, syscall.EACCES},
		{"enter", unix.SYS_IO_URING_ENTER, syscall.ENOSYS},
	} {
		t.Run(c.name, func(t *testing.T) {
			if os.Getenv(sandboxed) == "" {
				again := exec.Command(os.Args[0], "-test.run=^TestSeccomp$/^"+c.name+"$", "-test.v")
				again.Env = append(os.Environ(), sandboxed+"=1", "RONDO_IO_URING=")
				out, err := again.CombinedOutput()
				if err != nil {
					t.Fatalf("in the sandbox: %v\n%s", err, out)
				}
				return
			}
			requireUring(t)
			refuse(t, c.call, c.err.(syscall.Errno))
			before := openDescriptors(t)
			if d, err := OpenUring(Options{}); !errors.Is(err, c.err) {
				t.Errorf("OpenUring: %v, %v; want the error %v", d, err, c.err)
			}
			if _, err := Open("io_uring", Options{}); !errors.Is(err, c.err) {
				t.Errorf("Open: %v; want %v", err, c.err)
			}
			if after := openDescriptors(t); len(after) != len(before) {
				t.Errorf("open descriptors: %v before, %v after", before, after)
			}
			d, err := Open("auto", Options{})
			if err != nil {
				t.Fatal(err)
			}
			if d.Name() != "epoll" {
				t.Errorf("auto opened %s", d.Name())
			}
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// refuse has a system call fail in all threads of the process, for good.
func refuse(t *testing.T, call uint32, errno syscall.Errno) {
	// The numbers are those of the architecture that the test was built for; a
	// process does not change it.
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // seccomp_data.nr
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: call, Jt: 0, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(errno)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		t.Skip(err)
	}
	if _, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC,
		uintptr(unsafe.Pointer(&program))); errno != 0 {
		t.Skip(errno)
	}
}
