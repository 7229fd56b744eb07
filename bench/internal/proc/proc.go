// Package proc asks Linux about processes: their processor time, memory and
// threads, and how busy the machine is with others.
package proc

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// CPUTime returns the processor time of a process, user and system, over all
// its threads, living and ended, to the nanosecond that the scheduler counts.
func CPUTime(pid int) (time.Duration, error) {
	// clock_getcpuclockid(3): the complement of the pid above three bits, of
	// which 2 means the scheduler's count.
	clock := int32(^pid<<3 | 2)
	var ts unix.Timespec
	if err := unix.ClockGettime(clock, &ts); err != nil {
		return 0, fmt.Errorf("processor time of process %d: %w", pid, err)
	}
	return time.Duration(ts.Nano()), nil
}

// A Status is what /proc/PID/status tells.
type Status struct {
	RSS     int64 `json:"rss"` // resident bytes, the kernel's socket memory excluded
	Threads int   `json:"threads"`
}

// ReadStatus reads the status of a process.
func ReadStatus(pid int) (Status, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return Status{}, err
	}
	return parseStatus(text)
}

func parseStatus(text []byte) (Status, error) {
	var s Status
	kib, err1 := field(text, "VmRSS:")
	threads, err2 := field(text, "Threads:")
	if err1 != nil {
		return s, err1
	}
	return Status{RSS: kib << 10, Threads: int(threads)}, err2
}

// field returns the number after a key at the start of a line.
func field(text []byte, key string) (int64, error) {
	for line := range bytes.Lines(text) {
		if rest, ok := bytes.CutPrefix(line, []byte(key)); ok {
			if words := bytes.Fields(rest); len(words) > 0 {
				return strconv.ParseInt(string(words[0]), 10, 64)
			}
		}
	}
	return 0, fmt.Errorf("no %q in process status", key)
}

// Busy returns the processor time that the machine has spent on anything, over
// all its processors, since it started. It counts in ticks of 10 ms.
func Busy() (time.Duration, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	return parseBusy(text)
}

// userHZ is the unit of /proc/stat: 100 on every Linux (proc(5)).
const userHZ = 100

func parseBusy(text []byte) (time.Duration, error) {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	words := bytes.Fields(line)
	// cpu user nice system idle iowait irq softirq steal; guest time is part
	// of user time already.
	if len(words) < 9 || string(words[0]) != "cpu" {
		return 0, fmt.Errorf("unexpected /proc/stat: %q", line)
	}
	var ticks int64
	for _, i := range []int{1, 2, 3, 6, 7, 8} {
		n, err := strconv.ParseInt(string(words[i]), 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / userHZ, nil
}
