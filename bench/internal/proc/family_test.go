package proc

import (
	"bufio"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestParseStat(t *testing.T) {
	pid, parent, err := parseStat([]byte("17 (a) b (c) S 5 17 17 0"))
	if pid != 17 || parent != 5 || err != nil {
		t.Errorf("got %d, %d, %v", pid, parent, err)
	}
	for _, bad := range []string{"", "17 (a)", "x (a) S 5", "17 (a) S x"} {
		if _, _, err := parseStat([]byte(bad)); err == nil {
			t.Errorf("no error for %q", bad)
		}
	}
}

// A family has the grandchildren, and what they take.
func TestFamily(t *testing.T) {
	// cat is a grandchild: the shells have more to do after it.
	cmd := exec.Command("sh", "-c", "exec 3<&0; sh -c 'cat <&3; true' & echo $!; wait")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer stdin.Close()
	r := bufio.NewReader(stdout)
	line, err := r.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stdin.Write([]byte("here\n")); err != nil {
		t.Fatal(err)
	}
	if _, err := r.ReadString('\n'); err != nil { // cat has said it, so it is there
		t.Fatal(err)
	}
	child, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	family, err := FamilyOf(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if len(family) != 3 || family[0] != cmd.Process.Pid || !slices.Contains(family, child) {
		t.Errorf("family %v of %d, whose child is %d", family, cmd.Process.Pid, child)
	}
	own, err := ReadStatus(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	all, err := family.Status()
	if err != nil || all.Threads != 3 || all.RSS <= own.RSS {
		t.Errorf("family has %+v, its head %+v (%v)", all, own, err)
	}
	if _, err := family.CPUTime(); err != nil {
		t.Error(err)
	}
	if family, err := FamilyOf(os.Getpid()); err != nil || !slices.Contains(family, child) {
		t.Errorf("family %v of this process lacks %d (%v)", family, child, err)
	}
}

func TestFamilyOfNobody(t *testing.T) {
	if _, err := FamilyOf(1 << 22); err == nil {
		t.Error("no error for a process that cannot exist")
	}
	if _, err := (Family{1 << 22}).CPUTime(); err == nil {
		t.Error("no error for its processor time")
	}
	if _, err := (Family{1 << 22}).Status(); err == nil {
		t.Error("no error for its status")
	}
}
