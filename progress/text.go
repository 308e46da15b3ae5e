package progress

import (
	"strings"
	"unicode"
)

// maxText is the most characters kept of a label or note. Columns alone do not
// limit it: combining marks have none.
const maxText = 1024

// clean makes a text safe to be put into one line of a terminal or log. What is
// invisible and steers (as bidirectional overrides do) is dropped, blanks of all
// kinds become a space, any other control or invalid character a question mark.
func clean(s string) string {
	if plain(s) && len(s) <= maxText {
		return s
	}
	var b strings.Builder
	kept := 0
	for _, r := range s {
		switch {
		case unicode.Is(unicode.Cf, r):
			continue
		case unicode.IsSpace(r):
			r = ' '
		case !unicode.IsPrint(r) || r == unicode.ReplacementChar:
			r = '?'
		}
		if kept++; kept > maxText {
			break
		}
		b.WriteRune(r)
	}
	return b.String()
}

// plain reports whether s is printable ASCII throughout, so that its length is
// its width.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// columns answers how many columns a clean text takes at most. Terminals differ
// on emoji; in doubt a character is wide, since a frame that is too short does no
// harm and one that is too long wraps.
func columns(s string) int {
	if plain(s) {
		return len(s)
	}
	n := 0
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

func runeColumns(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case r == 0xFE0F:
		return 1 // asks for the emoji form of the character before it, which is wider
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case unicode.Is(wide, r):
		return 2
	}
	return 1
}

// fit cuts a clean text to a number of columns and shows that it did.
func fit(s string, limit int) string {
	const cut = "..."
	if columns(s) <= limit {
		return s
	}
	tail := cut[:max(min(len(cut), limit-1), 0)]
	room := limit - len(tail)
	for i, r := range s {
		if room -= runeColumns(r); room < 0 {
			return s[:i] + tail
		}
	}
	return s // not reached: the columns of s are more than the limit
}

// wide holds the characters that take two columns, after the East Asian Width
// property of Unicode, rounded up to whole blocks where a block has many.
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x1100, Hi: 0x115F, Stride: 1}, // Hangul initial consonants
		{Lo: 0x231A, Hi: 0x23FF, Stride: 1}, // clocks, media buttons
		{Lo: 0x25FD, Hi: 0x27BF, Stride: 1}, // symbols and dingbats
		{Lo: 0x2B00, Hi: 0x2BFF, Stride: 1}, // more symbols
		{Lo: 0x2E80, Hi: 0x303E, Stride: 1}, // CJK radicals and punctuation
		{Lo: 0x3041, Hi: 0xA4CF, Stride: 1}, // kana, ideographs, Yi
		{Lo: 0xA960, Hi: 0xA97F, Stride: 1}, // Hangul extended
		{Lo: 0xAC00, Hi: 0xD7A3, Stride: 1}, // Hangul syllables
		{Lo: 0xF900, Hi: 0xFAFF, Stride: 1}, // compatibility ideographs
		{Lo: 0xFE10, Hi: 0xFE19, Stride: 1}, // vertical forms
		{Lo: 0xFE30, Hi: 0xFE6F, Stride: 1}, // compatibility forms
		{Lo: 0xFF00, Hi: 0xFF60, Stride: 1}, // full-width forms
		{Lo: 0xFFE0, Hi: 0xFFE6, Stride: 1}, // full-width signs
	},
	R32: []unicode.Range32{
		{Lo: 0x16FE0, Hi: 0x18DFF, Stride: 1}, // Tangut, Khitan
		{Lo: 0x1AFF0, Hi: 0x1B2FF, Stride: 1}, // kana supplement, Nushu
		{Lo: 0x1D300, Hi: 0x1D37F, Stride: 1}, // Tai Xuan Jing, counting rods
		{Lo: 0x1F000, Hi: 0x1FBFF, Stride: 1}, // emoji
		{Lo: 0x20000, Hi: 0x3FFFD, Stride: 1}, // ideographs
	},
}
