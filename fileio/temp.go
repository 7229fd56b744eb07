package fileio

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"rondo.dev/rondo/async"
)

// CreateTemp makes a new file in dir, for reading and writing by the user alone, and
// opens it. Its name is pattern with a random string in the place of the last "*",
// or at the end. An empty dir stands for os.TempDir. The caller removes the file;
// two calls never return the same one.
func CreateTemp(t *async.Task, dir, pattern string) (*File, error) {
	return makeTemp(t, "createtemp", dir, pattern, func(name string) (*File, error) {
		return OpenFile(t, name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	})
}

// MkdirTemp makes a new directory in dir, for the user alone, and returns its path.
// The rest is as with CreateTemp.
func MkdirTemp(t *async.Task, dir, pattern string) (string, error) {
	return makeTemp(t, "mkdirtemp", dir, pattern, func(name string) (string, error) {
		return name, Mkdir(t, name, 0o700)
	})
}

// maxTempTries is how many names are tried before something else must be wrong.
const maxTempTries = 10000

func makeTemp[T any](t *async.Task, op, dir, pattern string, create func(name string) (T, error)) (v T, err error) {
	if dir == "" {
		dir = os.TempDir()
	}
	if strings.ContainsRune(pattern, '/') {
		return v, &fs.PathError{Op: op, Path: pattern, Err: errSeparator}
	}
	before, after := pattern, ""
	if i := strings.LastIndexByte(pattern, '*'); i >= 0 {
		before, after = pattern[:i], pattern[i+1:]
	}
	random := here(t).rand
	for range maxTempTries {
		v, err = create(join(dir, before+strconv.FormatUint(random.Uint64()>>16, 36)+after))
		if !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	return v, err
}

var errSeparator = errors.New("pattern contains path separator")
