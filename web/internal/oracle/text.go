package oracle

import (
	"fmt"
	"strconv"
	"strings"
)

// runs are written as \{N:TEXT} from this many bytes on.
const shortestRun = 48

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

// escape writes bytes as unescape reads them, a line of the result for each line of
// them.
func escape(data string) string {
	var b strings.Builder
	for i := 0; i < len(data); {
		c, n := data[i], 1
		for i+n < len(data) && data[i+n] == c {
			n++
		}
		if n >= shortestRun {
			fmt.Fprintf(&b, `\{%d:%s}`, n, strings.ReplaceAll(escapeByte(c), "}", `\x7d`))
			i += n
			continue
		}
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
