package oracle

import (
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// writeMany writes a text several times, each in a write of its own. How much of it was
// still taken when one failed is nothing that anyone can tell.
func writeMany(c *call, s string) {
	times, text := pair(s)
	for range number(times) {
		if _, err := io.WriteString(c.w, text); err != nil {
			c.note("write: %s", errorText(err))
			return
		}
	}
}

// copyN copies that many bytes of a longer reader, as http.ServeContent does.
func copyN(c *call, s string) {
	n, text := pair(s)
	c.copied(io.CopyN(c.w, strings.NewReader(text), int64(number(n))))
}

// copyFile copies a file, which a server may hand over to the kernel.
func copyFile(c *call, s string) {
	f, err := os.Open(filepath.Join(c.files, s))
	if err != nil {
		panic(err)
	}
	defer f.Close()
	c.copied(io.Copy(c.w, f))
}

// readFrom uses the response as an io.ReaderFrom.
func readFrom(c *call, s string) {
	// Without the WriterTo of strings.Reader.
	c.copied(c.w.(io.ReaderFrom).ReadFrom(struct{ io.Reader }{strings.NewReader(s)}))
}

// read reads so many bytes of the body, or what there is of them.
func read(c *call, s string) {
	b := make([]byte, number(s))
	n, err := io.ReadFull(c.r.Body, b)
	c.note("read %s", told(b[:n], err))
}

func form(c *call, s string) {
	err := c.r.ParseForm()
	c.note("form %s post %s %s", headerText(http.Header(c.r.Form)), headerText(http.Header(c.r.PostForm)), errorText(err))
}

// multipartForm parses it with so many bytes in memory.
func multipartForm(c *call, s string) {
	err := c.r.ParseMultipartForm(int64(number(s)))
	if err != nil {
		c.note("multipart: %s", errorText(err))
		return
	}
	defer c.r.MultipartForm.RemoveAll()
	c.note("multipart %s", headerText(http.Header(c.r.MultipartForm.Value)))
	for _, name := range sorted(c.r.MultipartForm.File) {
		for _, f := range c.r.MultipartForm.File[name] {
			c.note("file %q %q %d %s", name, f.Filename, f.Size, headerText(http.Header(f.Header)))
		}
	}
}

// parts reads a multipart body part by part.
func parts(c *call, s string) {
	mr, err := c.r.MultipartReader()
	for err == nil {
		var p *multipart.Part
		if p, err = mr.NextPart(); err == nil {
			b, err := io.ReadAll(p)
			c.note("part %q %s", p.FormName(), told(b, err))
		}
	}
	c.note("parts: %s", errorText(err))
}

func cookies(c *call, s string) {
	for _, k := range c.r.Cookies() {
		c.note("cookie %q %q", k.Name, k.Value)
	}
}

func setCookie(c *call, s string) {
	k, err := http.ParseSetCookie(s)
	if err != nil {
		panic(err)
	}
	http.SetCookie(c.w, k)
}

// serveContent serves a text under a name.
func serveContent(c *call, s string) {
	name, text := pair(s)
	http.ServeContent(c.w, c.r, name, day, strings.NewReader(text))
}

func sorted[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// headerText writes a header in one line, in order.
func headerText(h http.Header) string {
	var words []string
	for _, k := range sorted(h) {
		words = append(words, fmt.Sprintf("%q=%q", k, h[k]))
	}
	return "{" + strings.Join(words, " ") + "}"
}
