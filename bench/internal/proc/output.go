package proc

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// Output runs a program in a directory and returns what it prints; the error of one
// that fails has the last line of what it complains about.
func Output(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = dir
	var out, failure bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &failure
	if err := cmd.Run(); err != nil {
		last := strings.TrimSpace(failure.String())
		return "", fmt.Errorf("%s: %w: %s", filepath.Base(args[0]), err, last[strings.LastIndexByte(last, '\n')+1:])
	}
	return out.String(), nil
}
