package http1

import (
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Omit is a set of fields that a head goes without, though a handler has set them.
type Omit uint8

// The fields that a server decides about itself.
const (
	OmitConnection Omit = 1 << iota
	OmitContentLength
	OmitContentType
	OmitTransferEncoding
)

// Extra is what a server adds to the fields of a handler, and what it leaves out of
// them.
type Extra struct {
	Date             []byte // an IMF-fixdate; nil for none
	ContentLength    int64  // negative for none
	ContentType      string // "" for none, and so on
	Connection       string
	TransferEncoding string
	Omit             Omit // of the handler's
}

// Fields are the fields of a header, sorted by name, as they were at one moment: what
// a handler does to its header later is not seen, nor, after Keep, what it does to the
// slices of values.
type Fields []Field

// A Field is a field with its lines.
type Field struct {
	Name   string
	Values []string
}

// Append appends the fields of h that can be sent: names that are none are left out, and
// so are those that start with http.TrailerPrefix. fs is empty, or memory to be used
// again.
func (fs Fields) Append(h http.Header) Fields {
	for name, values := range h {
		if sendable(name) {
			fs = append(fs, Field{name, values})
		}
	}
	if len(fs) > 1 {
		slices.SortFunc(fs, func(a, b Field) int { return strings.Compare(a.Name, b.Name) })
	}
	return fs
}

// Keep copies the lines of all fields into values, which is empty, or memory to be used
// again.
func (fs Fields) Keep(values []string) []string {
	for i := range fs {
		n := len(values)
		values = append(values, fs[i].Values...)
		fs[i].Values = values[n:len(values):len(values)]
	}
	return values
}

// AppendHead appends the head of a response in HTTP/1.minor: the status line, the
// fields of a handler, those of extra, and the empty line. Line ends in values become
// spaces. All of that is as net/http's server has it.
func AppendHead(dst []byte, minor, status int, fs Fields, extra *Extra) []byte {
	dst = appendStatus(dst, minor, status)
	dst = appendFields(dst, fs, extra.Omit)
	if extra.Date != nil {
		dst = append(dst, "Date: "...)
		dst = append(dst, extra.Date...)
		dst = append(dst, '\r', '\n')
	}
	if extra.ContentLength >= 0 {
		dst = append(dst, "Content-Length: "...)
		dst = strconv.AppendInt(dst, extra.ContentLength, 10)
		dst = append(dst, '\r', '\n')
	}
	dst = appendExtra(dst, "Content-Type: ", extra.ContentType)
	dst = appendExtra(dst, "Connection: ", extra.Connection)
	dst = appendExtra(dst, "Transfer-Encoding: ", extra.TransferEncoding)
	return append(dst, '\r', '\n')
}

func appendExtra(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	dst = append(dst, name...)
	dst = append(dst, value...)
	return append(dst, '\r', '\n')
}

func appendStatus(dst []byte, minor, status int) []byte {
	if status == http.StatusOK && minor == 1 {
		return append(dst, "HTTP/1.1 200 OK\r\n"...)
	}
	dst = append(dst, "HTTP/1."...)
	dst = append(dst, byte('0'+minor), ' ')
	text := http.StatusText(status)
	dst = strconv.AppendInt(dst, int64(status), 10)
	dst = append(dst, ' ')
	if text == "" {
		dst = append(dst, "status code "...)
		dst = strconv.AppendInt(dst, int64(status), 10)
	}
	dst = append(dst, text...)
	return append(dst, '\r', '\n')
}

func appendFields(dst []byte, fs Fields, omit Omit) []byte {
	for _, f := range fs {
		if omit.has(f.Name) {
			continue
		}
		for _, value := range f.Values {
			dst = append(dst, f.Name...)
			dst = append(dst, ':', ' ')
			dst = appendValue(dst, value)
			dst = append(dst, '\r', '\n')
		}
	}
	return dst
}

// has reports whether a field is left out.
func (o Omit) has(name string) bool {
	switch name {
	case "Connection":
		return o&OmitConnection != 0
	case "Content-Length":
		return o&OmitContentLength != 0
	case "Content-Type":
		return o&OmitContentType != 0
	case "Transfer-Encoding":
		return o&OmitTransferEncoding != 0
	}
	return false
}

// sendable reports whether a name can be one of a field.
func sendable(name string) bool {
	for i := range len(name) {
		if canonical[0][name[i]] == 0 {
			return false // also one with http.TrailerPrefix, which has a colon
		}
	}
	return name != ""
}

// appendValue appends a value that can't end its line.
func appendValue(dst []byte, value string) []byte {
	if strings.IndexByte(value, '\n') < 0 && strings.IndexByte(value, '\r') < 0 {
		return append(dst, textproto.TrimString(value)...)
	}
	start := len(dst)
	dst = append(dst, value...)
	for i, c := range dst[start:] {
		if c == '\n' || c == '\r' {
			dst[start+i] = ' '
		}
	}
	trimmed := trim(dst[start:])
	return append(dst[:start], trimmed...)
}

// AppendDate appends a moment as an IMF-fixdate, RFC 9110 section 5.6.7. It is meant
// to be called once a second.
func AppendDate(dst []byte, now time.Time) []byte {
	return now.UTC().AppendFormat(dst, http.TimeFormat)
}
