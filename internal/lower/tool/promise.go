package tool

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"time"

	"rondo.dev/rondo/internal/lower/find"
)

// promised is the file of package async that says whether all async functions of a
// program have a prologue. Here they have.
const promised = "built.go"

const promise = `package async

// builtLowered: every async function of this build has the prologue of package
// lowered.
const builtLowered = true
`

// promise replaces that file.
func (b *build) promise(pkgs []*listed) error {
	ours := filepath.Join(b.cache, hash([]byte(promise))+".go")
	for _, p := range pkgs {
		if p.plainPath() == find.Async {
			b.files[filepath.Join(p.Dir, promised)] = ours
		}
	}
	return writeFile(ours, []byte(promise))
}

func hash(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// trim removes what has not been made for a month from the cache. It looks once a
// day.
func trim(dir string) {
	mark := filepath.Join(dir, "trimmed")
	if info, err := os.Stat(mark); err == nil && time.Since(info.ModTime()) < 24*time.Hour {
		return
	}
	os.WriteFile(mark, nil, 0o666)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > 30*24*time.Hour {
			os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}
