package contest

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A machine is what the figures hold for.
type machine struct {
	hardware string
	kernel   string
	goTool   string
	revision string // of rondo
	date     string
}

// describeMachine tells what can be told; what cannot is "unknown".
func describeMachine(ctx context.Context, dir string) machine {
	var uts unix.Utsname
	kernel := "unknown"
	if unix.Uname(&uts) == nil {
		kernel = unix.ByteSliceToString(uts.Sysname[:]) + " " + unix.ByteSliceToString(uts.Release[:])
	}
	var info unix.Sysinfo_t
	memory := "unknown memory"
	if unix.Sysinfo(&info) == nil {
		memory = fmt.Sprintf("%.0f GiB", float64(info.Totalram)*float64(info.Unit)/(1<<30))
	}
	return machine{
		hardware: fmt.Sprintf("%d x %s, %s", runtime.NumCPU(), cpuModel(), memory),
		kernel:   kernel,
		goTool:   tell(ctx, dir, "go", "env", "GOVERSION"),
		revision: tell(ctx, dir, "git", "describe", "--always", "--dirty"),
		date:     time.Now().UTC().Format("2006-01-02 15:04 MST"),
	}
}

func tell(ctx context.Context, dir, name string, args ...string) string {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}

func cpuModel() string {
	file, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
