package text

import (
	"unicode"
	"unicode/utf8"
)

// AppendQuoted appends s as one word of a larger text: bare when it consists
// of letters, digits and "._/@%+~=:-" only, otherwise escaped and in double
// quotes, with a double quote inside as \".
//
// Comma, brackets, parentheses, star, blank and the quote itself are outside
// the bare set because tables give them a meaning: a process that calls itself
// "nginx[12],sshd" prints inside quotes, and quotes cannot be forged. A lone
// "-", which stands for "no value", is quoted, and an empty string prints "".
func AppendQuoted(dst []byte, s string) []byte {
	if isBare(s) {
		return append(dst, s...)
	}
	return AppendInQuotes(dst, s)
}

// AppendInQuotes appends s as AppendQuoted does, and in quotes in any case. It
// is for names that would be bare and yet mean something else where they stand.
func AppendInQuotes(dst []byte, s string) []byte {
	dst = append(dst, '"')
	dst = appendEscaped(dst, s, false, true)
	return append(dst, '"')
}

// isBare reports whether s can stand without quotes.
func isBare(s string) bool {
	if s == "" || s == "-" {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= utf8.RuneSelf {
			return isBareUnicode(s[i:])
		}
		if !bareASCII[c] {
			return false
		}
	}
	return true
}

// isBareUnicode is isBare for text that begins outside ASCII. Only letters and
// digits are bare there: symbols and punctuation have look-alikes of the
// brackets and the comma among them, and marks would change the character
// before them.
func isBareUnicode(s string) bool {
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf:
			if !bareASCII[r] {
				return false
			}
		case r == utf8.RuneError:
			return false
		case !unicode.IsLetter(r) && !unicode.IsDigit(r), !Visible(r):
			return false
		}
	}
	return true
}

// bareASCII is the set of ASCII characters that need no quotes.
var bareASCII = func() (set [utf8.RuneSelf]bool) {
	for c := '0'; c <= '9'; c++ {
		set[c] = true
	}
	for c := 'a'; c <= 'z'; c++ {
		set[c], set[c-'a'+'A'] = true, true
	}
	for _, c := range "._/@%+~=:-" {
		set[c] = true
	}
	return set
}()
