package web_test

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"rondo.dev/rondo/web"
)

// TestSendFile: a file goes out whole, or the part of it that was asked for.
func TestSendFile(t *testing.T) {
	dir := t.TempDir()
	content := strings.Repeat("0123456789abcdef", 1<<20/16*10)
	if err := os.WriteFile(filepath.Join(dir, "large.txt"), []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	handler := http.FileServer(http.Dir(dir))
	for _, h := range []http.Handler{handler, web.Inline(handler)} {
		c := dial(t, serve(t, &web.Server{Handler: h}))
		for range 2 {
			if got := c.get("/large.txt"); got != content {
				t.Errorf("got %d bytes of %d", len(got), len(content))
			}
			_, got := c.send("GET /large.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=1000000-2000000\r\n\r\n").response("GET")
			if got != content[1000000:2000001] {
				t.Errorf("got %d bytes", len(got))
			}
		}
	}
}

// countedFile is a file as os.File.WriteTo hands it on, without that method. It counts what
// is read of it, and not sent by the kernel.
type countedFile struct {
	withoutWriteTo
	read int
}

type withoutWriteTo interface {
	io.ReadSeeker
	syscall.Conn
	Stat() (os.FileInfo, error)
}

func (f *countedFile) Read(b []byte) (int, error) {
	n, err := f.withoutWriteTo.Read(b)
	f.read += n
	return n, err
}

// TestSendFileWays: whichever way a file is copied, the kernel sends all of it but what is
// looked at for its type; and no more than was declared.
func TestSendFileWays(t *testing.T) {
	const size = 1 << 20
	content := strings.Repeat("0123456789abcdef", size/16)
	name := filepath.Join(t.TempDir(), "large")
	if err := os.WriteFile(name, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, way := range []struct {
		name   string
		length int
		copy   func(w http.ResponseWriter, f io.Reader) (int64, error)
		err    error
	}{
		{"ReadFrom", size, func(w http.ResponseWriter, f io.Reader) (int64, error) { return w.(io.ReaderFrom).ReadFrom(f) }, nil},
		{"Copy", size, func(w http.ResponseWriter, f io.Reader) (int64, error) { return io.Copy(w, f) }, nil},
		{"CopyN", size / 2, func(w http.ResponseWriter, f io.Reader) (int64, error) { return io.CopyN(w, f, size/2) }, nil},
		{"CopyN of too much", size, func(w http.ResponseWriter, f io.Reader) (int64, error) { return io.CopyN(w, f, size+1) }, io.EOF},
		{"Copy of what was not declared", size / 2, func(w http.ResponseWriter, f io.Reader) (int64, error) { return io.Copy(w, f) }, http.ErrContentLength},
		{"CopyN of what was not declared", size / 2, func(w http.ResponseWriter, f io.Reader) (int64, error) { return io.CopyN(w, f, size) }, http.ErrContentLength},
	} {
		t.Run(way.name, func(t *testing.T) {
			done := make(chan bool, 1)
			c := dial(t, serve(t, &web.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer func() { done <- true }()
				f, err := os.Open(name)
				if err != nil {
					t.Error(err)
					return
				}
				defer f.Close()
				counted := &countedFile{withoutWriteTo: f}
				w.Header().Set("Content-Length", strconv.Itoa(way.length))
				if n, err := way.copy(w, counted); n != int64(way.length) || !errors.Is(err, way.err) {
					t.Errorf("copied %d of %d bytes, %v", n, way.length, err)
				}
				if counted.read > 512 {
					t.Errorf("%d bytes were read", counted.read)
				}
			})}))
			if got := c.get("/"); got != content[:way.length] {
				t.Errorf("got %d bytes", len(got))
			}
			within(t, done, "the end of the handler")
		})
	}
}
