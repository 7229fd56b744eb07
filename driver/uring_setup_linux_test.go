package driver

import (
	"errors"
	"slices"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

func TestUringLayout(t *testing.T) {
	for _, c := range []struct {
		name      string
		got, want uintptr
	}{
		{"sqe", unsafe.Sizeof(sqe{}), 64},
		{"sqe.off", unsafe.Offsetof(sqe{}.off), 8},
		{"sqe.opFlags", unsafe.Offsetof(sqe{}.opFlags), 28},
		{"sqe.userData", unsafe.Offsetof(sqe{}.userData), 32},
		{"sqe.bufGroup", unsafe.Offsetof(sqe{}.bufGroup), 40},
		{"cqe", unsafe.Sizeof(cqe{}), 16},
		{"ringParams", unsafe.Sizeof(ringParams{}), 120},
		{"ringParams.sq", unsafe.Offsetof(ringParams{}.sq), 40},
		{"ringParams.cq", unsafe.Offsetof(ringParams{}.cq), 80},
		{"waitArg", unsafe.Sizeof(waitArg{}), 24},
		{"waitTime", unsafe.Sizeof(waitTime{}), 16},
		{"bufEntry", unsafe.Sizeof(bufEntry{}), 16},
		{"bufEntry.id", unsafe.Offsetof(bufEntry{}.id), 12},
		{"bufEntry.tail", unsafe.Offsetof(bufEntry{}.tail), 14},
		{"bufRegister", unsafe.Sizeof(bufRegister{}), 40},
		{"probe.ops", unsafe.Offsetof(probe{}.ops), 16},
		{"probeOp", unsafe.Sizeof(probeOp{}), 8},
	} {
		if c.got != c.want {
			t.Errorf("%s is at, or takes, %d bytes; in the kernel it is %d", c.name, c.got, c.want)
		}
	}
	if size := unsafe.Sizeof(slot{}); unsafe.Sizeof(uintptr(0)) == 8 && size > 24 {
		t.Errorf("a slot, one for each operation in flight, has %d bytes", size)
	}
}

// TestUringSetupFlags checks what is tried on kernels that know ever less.
func TestUringSetupFlags(t *testing.T) {
	const all = ^uint32(0)
	const coop = setupCoopTaskrun | setupTaskrunFlag
	const deferred = setupSingleIssuer | setupDeferTaskrun | setupTaskrunFlag
	for _, c := range []struct {
		name  string
		o     Options
		known uint32
		want  uint32
	}{
		{"newest", Options{}, all, coop | setupSubmitAll | setupNoSQArray},
		{"newest, locked", Options{Locked: true}, all, deferred | setupSubmitAll | setupNoSQArray},
		{"newest, interrupt", Options{Interrupt: true}, all, setupSubmitAll | setupNoSQArray},
		{"newest, locked, interrupt", Options{Locked: true, Interrupt: true}, all, deferred | setupSubmitAll | setupNoSQArray},
		{"6.1, locked", Options{Locked: true}, all &^ setupNoSQArray, deferred | setupSubmitAll},
		{"6.1, interrupt", Options{Interrupt: true}, all &^ setupNoSQArray, setupSubmitAll},
		{"6.1", Options{}, all &^ setupNoSQArray, coop | setupSubmitAll},
		{"5.19, locked", Options{Locked: true}, all &^ (setupNoSQArray | setupSingleIssuer | setupDeferTaskrun), coop | setupSubmitAll},
		{"5.18", Options{}, setupSubmitAll | setupClamp | setupCQSize, setupSubmitAll},
		{"5.10", Options{}, setupClamp | setupCQSize, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got uint32
			_, _, err := setupRing(c.o, func(_ uint32, p *ringParams) (int, error) {
				if p.flags&^c.known != 0 {
					return -1, unix.EINVAL
				}
				got = p.flags
				return 0, nil
			})
			if want := c.want | setupClamp | setupCQSize; err != nil || got != want {
				t.Errorf("flags %#x, error %v; want %#x", got, err, want)
			}
		})
	}
}

// TestUringRefused checks that a set-up which is refused says why, and leaves
// nothing behind.
func TestUringRefused(t *testing.T) {
	refuse := func(err error) setupFunc {
		return func(uint32, *ringParams) (int, error) { return -1, err }
	}
	without := func(feature uint32) setupFunc {
		return func(n uint32, p *ringParams) (int, error) {
			fd, err := uringSetup(n, p)
			p.features &^= feature
			return fd, err
		}
	}
	requireUring(t)
	before := openDescriptors(t)
	for _, c := range []struct {
		name  string
		setup setupFunc
		want  error
	}{
		{"no permission", refuse(unix.EPERM), syscall.EPERM},
		{"no system call", refuse(unix.ENOSYS), syscall.ENOSYS},
		{"no flags at all", refuse(unix.EINVAL), syscall.EINVAL},
		{"no memory", refuse(unix.ENOMEM), syscall.ENOMEM},
		{"5.16", without(featureCQESkip), errors.ErrUnsupported},
		{"5.10", without(featureCQESkip | featureExtArg), errors.ErrUnsupported},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := buildUring(Options{}, c.setup); !errors.Is(err, c.want) {
				t.Errorf("got the error %v, want %v", err, c.want)
			}
		})
	}
	if after := openDescriptors(t); !slices.Equal(before, after) {
		t.Errorf("open descriptors: %v before, %v after", before, after)
	}
}

func TestUringOff(t *testing.T) {
	t.Setenv("RONDO_IO_URING", "off")
	if _, err := OpenUring(Options{}); !errors.Is(err, syscall.EPERM) {
		t.Errorf("OpenUring with RONDO_IO_URING=off: %v", err)
	}
	d, err := Open("auto", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if d.Name() != "epoll" {
		t.Errorf("auto opened %s", d.Name())
	}
}

func TestOpenNames(t *testing.T) {
	t.Setenv("RONDO_IO_URING", "")
	for _, name := range []string{"auto", "io_uring", "epoll"} {
		if name == "io_uring" {
			requireUring(t)
		}
		d, err := Open(name, Options{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if name != "auto" && d.Name() != name {
			t.Errorf("%s opened %s", name, d.Name())
		}
		if err := d.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if d, err := Open("iocp", Options{}); d != nil || !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("an unknown name opened %v, %v", d, err)
	}
}
