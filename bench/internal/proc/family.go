package proc

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// A Family is a process and all that descend from it, such as a server that does its
// work in others.
type Family []int

// FamilyOf returns the family of a process as it is now.
func FamilyOf(pid int) (Family, error) {
	parents, err := parents()
	if err != nil {
		return nil, err
	}
	if _, ok := parents[pid]; !ok {
		return nil, fmt.Errorf("there is no process %d", pid)
	}
	family := Family{pid}
	for i := 0; i < len(family); i++ {
		for child, parent := range parents {
			if parent == family[i] && !slices.Contains(family, child) {
				family = append(family, child)
			}
		}
	}
	return family, nil
}

// CPUTime returns the processor time of all of them.
func (f Family) CPUTime() (sum time.Duration, err error) {
	for _, pid := range f {
		t, e := CPUTime(pid)
		sum, err = sum+t, errors.Join(err, e)
	}
	return sum, err
}

// Status returns the sums of what they have. A page that several share is counted in
// each.
func (f Family) Status() (sum Status, err error) {
	for _, pid := range f {
		s, e := ReadStatus(pid)
		sum.RSS += s.RSS
		sum.Threads += s.Threads
		err = errors.Join(err, e)
	}
	return sum, err
}

// parents returns the parent of every process.
func parents() (map[int]int, error) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	of := map[int]int{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		pid, parent, err := parseStat(text)
		if err != nil {
			return nil, err
		}
		of[pid] = parent
	}
	return of, nil
}

// parseStat returns a process and its parent from the start of /proc/PID/stat: the
// name between them, in parentheses, may have any characters.
func parseStat(text []byte) (pid, parent int, err error) {
	first, _, _ := bytes.Cut(text, []byte(" "))
	words := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(words) < 2 {
		return 0, 0, fmt.Errorf("unexpected /proc/PID/stat: %q", text)
	}
	pid, err1 := strconv.Atoi(string(first))
	parent, err2 := strconv.Atoi(string(words[1]))
	return pid, parent, errors.Join(err1, err2)
}
