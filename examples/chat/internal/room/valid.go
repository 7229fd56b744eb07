package room

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What a room, a name and a message may be. The page has the same limits.
const (
	MaxName = 32   // characters
	MaxText = 2000 // characters
)

var (
	roomNames = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`) // so it is a token of a NATS subject, too
	secrets   = regexp.MustCompile(`^[A-Za-z0-9_-]{16,64}$`)
	nonces    = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)
)

// CheckRoom returns an error unless s can be the name of a room.
func CheckRoom(s string) error {
	if !roomNames.MatchString(s) {
		return errors.New("a room has a name of at most 32 small letters, digits and hyphens")
	}
	return nil
}

// CheckSecret returns an error unless s can be what a client knows itself by.
func CheckSecret(s string) error {
	if !secrets.MatchString(s) {
		return errors.New("a client has an id of 16 to 64 letters, digits, hyphens and underscores")
	}
	return nil
}

// CleanName returns a name without the spaces around it, and with single ones inside.
func CleanName(s string) (string, error) {
	s = strings.Join(strings.Fields(s), " ")
	switch n := utf8.RuneCountInString(s); {
	case n == 0 || n > MaxName:
		return "", fmt.Errorf("a name has 1 to %d characters", MaxName)
	case !visible(s, ""):
		return "", errors.New("a name has visible characters only")
	}
	return s, nil
}

// CleanText returns a message without the spaces around it.
func CleanText(s string) (string, error) {
	s = strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n"))
	switch n := utf8.RuneCountInString(s); {
	case n == 0 || n > MaxText:
		return "", fmt.Errorf("a message has 1 to %d characters", MaxText)
	case !visible(s, "\n\t"):
		return "", errors.New("a message has visible characters only")
	}
	return s, nil
}

// CheckNonce returns an error unless s can be what a client knows a message by.
func CheckNonce(s string) error {
	if !nonces.MatchString(s) {
		return errors.New("a message has a nonce of 1 to 32 letters, digits, hyphens and underscores")
	}
	return nil
}

// joiner holds emoji together, and letters of some scripts.
const joiner = '\u200d'

// visible reports whether s is text without control characters, and without those that
// make a text look like another one, such as changes of its direction.
func visible(s, but string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		hidden := unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r)
		return hidden && r != joiner && !strings.ContainsRune(but, r)
	})
}
