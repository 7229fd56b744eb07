package oracle

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

// day is when everything was modified.
var day = time.Date(2020, time.February, 2, 2, 20, 20, 0, time.UTC)

// WriteFiles fills a directory with the files that cases ask for.
func WriteFiles(dir string) error {
	for name, text := range map[string]string{
		"page.html":      "<html><p>a page</p></html>\n",
		"plain.txt":      "0123456789abcdefghijklmnopqrstuvwxyz\n",
		"empty":          "",
		"noext":          "\x89PNG\r\n\x1a\nno picture",
		"big.bin":        strings.Repeat("0123456789abcdef", 64<<10),
		"sub/index.html": "<p>index</p>\n",
		"list/a b.txt":   "a b",
		"list/c&d.txt":   "c and d",
	} {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return filepath.WalkDir(dir, func(name string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chtimes(name, day, day)
	})
}
