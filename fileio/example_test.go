package fileio_test

import (
	"fmt"
	"io"
	"os"
	"path"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/fileio"
	"rondo.dev/rondo/future"
)

// run runs main in a directory of its own.
func run(main func(t *async.Task, dir string) error) {
	dir, err := os.MkdirTemp("", "example")
	if err == nil {
		defer os.RemoveAll(dir)
		err = rondo.Run(func(t *async.Task) error { return main(t, dir) })
	}
	if err != nil {
		fmt.Println(err)
	}
}

func Example() {
	run(func(t *async.Task, dir string) error {
		f, err := fileio.Create(t, path.Join(dir, "greeting"))
		if err != nil {
			return err
		}
		defer f.Close().Await(t)
		if _, err := f.Write([]byte("Hello, files!")).Await(t); err != nil {
			return err
		}
		b := make([]byte, 5)
		if _, err := f.ReadAt(b, 7).Await(t); err != nil {
			return err
		}
		fmt.Printf("%s\n", b)
		return nil
	})
	// Output: files
}

// Reads at an offset may be in flight together: here two of them, and the first one
// that is there wins.
func ExampleFile_ReadAt() {
	run(func(t *async.Task, dir string) error {
		name := path.Join(dir, "f")
		if err := fileio.WriteFile(t, name, []byte("left right"), 0o644); err != nil {
			return err
		}
		f, err := fileio.Open(t, name)
		if err != nil {
			return err
		}
		defer f.Close().Await(t)
		a, b := make([]byte, 4), make([]byte, 5)
		left, right := f.ReadAt(a, 0), f.ReadAt(b, 5)
		r, err := async.Await(t, future.Select(async.Future[int](&left), async.Future[int](&right)))
		if err != nil {
			return err
		}
		if r.Won == 0 {
			fmt.Printf("%s\n", a)
			// The other can be awaited again.
			if _, err := right.Await(t); err != nil {
				return err
			}
			fmt.Printf("%s\n", b)
		}
		return nil
	})
	// Output:
	// left
	// right
}

// Direct I/O needs aligned memory, offsets and lengths.
func ExampleAligned() {
	run(func(t *async.Task, dir string) error {
		f, err := fileio.OpenFile(t, path.Join(dir, "f"), os.O_RDWR|os.O_CREATE|fileio.O_DIRECT, 0o644)
		if err != nil {
			fmt.Println("4096 <nil>") // a file system without direct I/O
			return nil
		}
		defer f.Close().Await(t)
		block := fileio.Aligned(4096)
		if _, err := f.WriteAt(block, 0).Await(t); err != nil {
			return err
		}
		fmt.Println(f.ReadAt(block, 0).Await(t))
		return nil
	})
	// Output: 4096 <nil>
}

func ExampleWriteFileAtomic() {
	run(func(t *async.Task, dir string) error {
		name := path.Join(dir, "config")
		for _, content := range []string{"version 1", "version 2"} {
			if err := fileio.WriteFileAtomic(t, name, []byte(content), 0o644); err != nil {
				return err
			}
		}
		b, err := fileio.ReadFile(t, name)
		fmt.Println(string(b))
		return err
	})
	// Output: version 2
}

func ExampleFile_Lock() {
	run(func(t *async.Task, dir string) error {
		f, err := fileio.Create(t, path.Join(dir, "lock"))
		if err != nil {
			return err
		}
		defer f.Close().Await(t)
		if err := f.Lock(t, fileio.Exclusive); err != nil {
			return err
		}
		defer f.Unlock().Await(t)
		fmt.Println("locked")
		return nil
	})
	// Output: locked
}

func ExampleWalkDir() {
	run(func(t *async.Task, dir string) error {
		if err := fileio.MkdirAll(t, path.Join(dir, "a/b"), 0o755); err != nil {
			return err
		}
		if err := fileio.WriteFile(t, path.Join(dir, "a/file"), nil, 0o644); err != nil {
			return err
		}
		return fileio.WalkDir(t, path.Join(dir, "a"), func(t *async.Task, name string, d fileio.DirEntry, err error) error {
			fmt.Println(d.Name(), d.IsDir())
			return err
		})
	})
	// Output:
	// a true
	// b true
	// file false
}

// Reading to the end goes as with an io.Reader.
func ExampleFile_Read() {
	run(func(t *async.Task, dir string) error {
		name := path.Join(dir, "f")
		if err := fileio.WriteFile(t, name, []byte("abcdefgh"), 0o644); err != nil {
			return err
		}
		f, err := fileio.Open(t, name)
		if err != nil {
			return err
		}
		defer f.Close().Await(t)
		for buf := make([]byte, 3); ; {
			n, err := f.Read(buf).Await(t)
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			fmt.Printf("%s\n", buf[:n])
		}
	})
	// Output:
	// abc
	// def
	// gh
}
