// Package overlay writes programs that stand in for others, or for none, in a build.
package overlay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Blocking returns the text of a file whose package async is the one whose awaits block,
// and whose packages stream and channel are that one's.
func Blocking(text []byte) []byte {
	text = bytes.ReplaceAll(text, []byte(`"rondo.dev/rondo/async"`), []byte(`"rondo.dev/rondo/internal/lowertest/blocking"`))
	for _, name := range []string{"stream", "channel"} {
		text = bytes.ReplaceAll(text, []byte(`"rondo.dev/rondo/`+name+`"`), []byte(`"rondo.dev/rondo/internal/lowertest/blocking/`+name+`"`))
	}
	return text
}

// Write writes files, by the names that they are to have in the build, into a directory,
// and returns the name of the overlay for the go command. Names of overlays differ in a
// directory.
func Write(dir, name string, files map[string][]byte) (overlay string, err error) {
	replace := map[string]string{}
	for in, text := range files {
		file := filepath.Join(dir, fmt.Sprintf("%s-%s", name, filepath.Base(in)))
		if err := os.WriteFile(file, text, 0o666); err != nil {
			return "", err
		}
		replace[in] = file
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay = filepath.Join(dir, name+".json")
	return overlay, os.WriteFile(overlay, text, 0o666)
}
