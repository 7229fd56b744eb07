package oracle

import (
	"fmt"
	"strconv"
	"strings"
)

// What repeats itself is written as \{N:TEXT} from so many bytes on.
const (
	shortestRun  = 48   // of one byte
	shortestText = 1024 // of words
	longestWord  = 16
)

// unescape returns the bytes that a line of a script stands for: \r, \n, \t, \0, \\,
// \xHH, and \{N:TEXT} for N times TEXT, which has no such repetition within.
func unescape(s string) (string, error) {
	var b strings.Builder
	for {
		plain, rest, found := strings.Cut(s, `\`)
		b.WriteString(plain)
		if !found {
			return b.String(), nil
		}
		if rest == "" {
			return "", fmt.Errorf("a backslash at the end")
		}
		s = rest[1:]
		switch rest[0] {
		case 'r':
			b.WriteByte('\r')
		case 'n':
			b.WriteByte('\n')
		case 't':
			b.WriteByte('\t')
		case '0':
			b.WriteByte(0)
		case '\\':
			b.WriteByte('\\')
		case 'x':
			if len(rest) < 3 {
				return "", fmt.Errorf(`\x without two digits`)
			}
			n, err := strconv.ParseUint(rest[1:3], 16, 8)
			if err != nil {
				return "", err
			}
			b.WriteByte(byte(n))
			s = rest[3:]
		case '{':
			inside, after, found := strings.Cut(s, "}")
			count, text, colon := strings.Cut(inside, ":")
			n, err := strconv.Atoi(count)
			if !found || !colon || err != nil || n < 0 {
				return "", fmt.Errorf(`%q is no \{N:TEXT}`, `\{`+inside)
			}
			if text, err = unescape(text); err != nil {
				return "", err
			}
			b.WriteString(strings.Repeat(text, n))
			s = after
		default:
			return "", fmt.Errorf(`unknown escape \%c`, rest[0])
		}
	}
}

// repeated returns the size of what is repeated at the beginning of data, and how often it
// stands there if that is often enough to be counted: a byte in a run, a word in much text.
func repeated(data string) (size, n int) {
	for size = 1; size <= longestWord && size < len(data); size++ {
		n = size
		for n < len(data) && data[n] == data[n-size] {
			n++
		}
		if size == 1 && n >= shortestRun || n >= shortestText {
			return size, n / size
		}
	}
	return 0, 0
}

// escape writes bytes as unescape reads them, a line of the result for each line of
// them.
func escape(data string) string {
	var b strings.Builder
	for i := 0; i < len(data); {
		if size, n := repeated(data[i:]); n > 1 {
			fmt.Fprintf(&b, `\{%d:`, n)
			for _, c := range []byte(data[i : i+size]) {
				b.WriteString(strings.ReplaceAll(escapeByte(c), "}", `\x7d`))
			}
			b.WriteByte('}')
			i += n * size
			continue
		}
		c := data[i]
		b.WriteString(escapeByte(c))
		if c == '\n' {
			b.WriteByte('\n')
		}
		i++
	}
	return b.String()
}

func escapeByte(c byte) string {
	switch {
	case c == '\r':
		return `\r`
	case c == '\n':
		return `\n`
	case c == '\t':
		return `\t`
	case c == '\\':
		return `\\`
	case c < ' ' || c >= 0x7f:
		return fmt.Sprintf(`\x%02x`, c)
	}
	return string(c)
}
