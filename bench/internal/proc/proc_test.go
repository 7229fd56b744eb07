package proc

import (
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestParseStatus(t *testing.T) {
	got, err := parseStatus([]byte("Name:\tx\nVmHWM:\t  999 kB\nVmRSS:\t    1164 kB\nThreads:\t7\n"))
	if want := (Status{RSS: 1164 << 10, Threads: 7}); err != nil || got != want {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	// A process that has ended, and not been waited for, has no memory.
	if _, err := parseStatus([]byte("Name:\tx\nThreads:\t1\n")); err == nil {
		t.Error("no error without VmRSS")
	}
}

func TestParseBusy(t *testing.T) {
	got, err := parseBusy([]byte("cpu  100 20 3 99999 88888 4 50 6 70 8\ncpu0 1 1 1 1 1 1 1 1 1 1\n"))
	if want := (100 + 20 + 3 + 4 + 50 + 6) * 10 * time.Millisecond; err != nil || got != want {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	for _, bad := range []string{"", "cpu 1 2 3", "intr 1 2 3 4 5 6 7 8 9", "cpu x 2 3 4 5 6 7 8 9"} {
		if _, err := parseBusy([]byte(bad)); err == nil {
			t.Errorf("no error for %q", bad)
		}
	}
}

// The clock of this process and getrusage count the same time.
func TestCPUTimeAgreesWithRusage(t *testing.T) {
	usage := func() time.Duration {
		var ru unix.Rusage
		if err := unix.Getrusage(unix.RUSAGE_SELF, &ru); err != nil {
			t.Fatal(err)
		}
		return time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
	}
	const rounding = 10 * time.Microsecond
	before := usage()
	got, err := CPUTime(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if after := usage(); got < before-rounding || got > after+rounding {
		t.Errorf("CPUTime = %v, getrusage %v before and %v after", got, before, after)
	}
}

func TestCPUTimeOfNobody(t *testing.T) {
	if _, err := CPUTime(1 << 22); err == nil {
		t.Error("no error for a process that cannot exist")
	}
}

func TestStartOnPinsTheChildAlone(t *testing.T) {
	before, err := CPUs()
	if err != nil {
		t.Fatal(err)
	}
	cpu := before[len(before)-1]
	var out strings.Builder
	cmd := exec.Command("cat", "/proc/self/status")
	cmd.Stdout = &out
	if err := StartOn(cmd, cpu); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if want := "Cpus_allowed_list:\t" + strconv.Itoa(cpu) + "\n"; !strings.Contains(out.String(), want) {
		t.Errorf("child's status lacks %q", want)
	}
	after, err := CPUs()
	if err != nil || !slices.Equal(before, after) {
		t.Errorf("processors of the parent: %v before, %v after (%v)", before, after, err)
	}
}
