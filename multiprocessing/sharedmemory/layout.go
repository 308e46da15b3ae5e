package sharedmemory

import (
	"encoding/binary"
	"fmt"
	"math"
)

// The layout of a list in its block, all numbers in the machine's order:
//
//	number of items n                                 8 bytes
//	where each item begins in the data, and its end   8 (n+1) bytes
//	data: each item's slot, a multiple of 8 bytes
//	for each item: its format, as Python's struct has it, 8 bytes
//	for each item: its kind, 1 byte
//
// Python 3.8 has another second part, which is read but not written here: the
// size of each slot, 8 n bytes. The first of these is at least 8, and the
// first place of an item is 0: so the two are told apart.
type layout struct {
	at      []int // where each slot begins in the block, and where the last one ends
	formats int   // where the formats begin
	kinds   int   // where the kinds begin
	end     int
}

func (l *layout) len() int { return len(l.at) - 1 }

// word is the size of a number, and what slots are a multiple of.
const word = 8

// maxSlot is the most bytes that a format of 8 characters can name: "9999992s".
const maxSlot = 9_999_992

// slotFor returns the size of the slot of a text of that many characters and
// bytes, or of bytes, which count for both. CPython goes by the characters alone,
// and cuts what does not fit then; where nothing is cut the result is the same.
func slotFor(chars, bytes int) int {
	return max(word*(chars/word+1), (bytes+word-1)/word*word)
}

// plan lays out a new list whose slots have these sizes.
func planLayout(slots []int) layout {
	n := len(slots)
	l := layout{at: make([]int, n+1)}
	at := word * (n + 2)
	for i, size := range slots {
		l.at[i] = at
		at += size
	}
	l.at[n] = at
	l.formats = at
	l.kinds = l.formats + word*n
	l.end = l.kinds + n
	return l
}

// writeHead writes the first two parts, the number of items last.
func (l *layout) writeHead(mem []byte) {
	start := l.at[0]
	for i, at := range l.at {
		putWord(mem, word*(i+1), uint64(at-start))
	}
	putWord(mem, 0, uint64(l.len()))
}

// readLayout reads what any program may have written. Every place in the
// result is within mem. It allocates no more than mem is long.
func readLayout(mem []byte) (layout, error) {
	if len(mem) < word {
		return layout{}, fail(ErrCorrupt, "%d bytes are too few for the number of items", len(mem))
	}
	count := getWord(mem, 0)
	// An item takes 8 bytes in each of three parts, and one in the last.
	if count > uint64(len(mem)/(3*word+1)) {
		return layout{}, fail(ErrCorrupt, "a list of %d items does not fit into %d bytes", count, len(mem))
	}
	n := int(count)
	if n == 0 {
		return layout{at: []int{word}, formats: word, kinds: word, end: word}, nil
	}
	l := layout{at: make([]int, n+1)}
	first := getWord(mem, word)
	sizes := first != 0 // Python 3.8
	at := word * (n + 2)
	if sizes {
		at = word * (n + 1)
	}
	for i := range n {
		var size uint64
		if sizes {
			size = getWord(mem, word*(i+1))
		} else {
			size = getWord(mem, word*(i+2)) - getWord(mem, word*(i+1)) // wraps if they go down
		}
		if size == 0 || size%word != 0 || size > uint64(len(mem)-at) {
			return layout{}, fail(ErrCorrupt, "item %d has a slot of %d bytes", i, int64(size))
		}
		l.at[i] = at
		at += int(size)
	}
	l.at[n], l.formats = at, at
	if at > len(mem)-(word+1)*n {
		return layout{}, fail(ErrCorrupt, "no room for the formats of %d items in %d bytes", n, len(mem))
	}
	l.kinds = at + word*n
	l.end = l.kinds + n
	return l, nil
}

func getWord(mem []byte, at int) uint64    { return binary.NativeEndian.Uint64(mem[at:]) }
func putWord(mem []byte, at int, v uint64) { binary.NativeEndian.PutUint64(mem[at:], v) }

// A format is the 8 characters of an item's format, padded with zeros.
type format uint64

// Formats other than those of texts and bytes.
var (
	formatInt   = formatOf("q")
	formatFloat = formatOf("d")
	formatBool  = formatOf("xxxxxxx?")
	formatNone  = formatOf("xxxxxx?x")
)

func formatOf(s string) format {
	var b [word]byte
	copy(b[:], s)
	return format(binary.NativeEndian.Uint64(b[:]))
}

// formatBytes is that of size bytes: "%ds".
func formatBytes(size int) format { return formatOf(fmt.Sprintf("%ds", size)) }

func (f format) String() string {
	var b [word]byte
	binary.NativeEndian.PutUint64(b[:], uint64(f))
	for i, c := range b {
		if c == 0 {
			return string(b[:i])
		}
	}
	return string(b[:])
}

// bytes returns the number in "%ds", or -1.
func (f format) bytes() int {
	var b [word]byte
	binary.NativeEndian.PutUint64(b[:], uint64(f))
	n := 0
	for i, c := range b {
		switch {
		case '0' <= c && c <= '9':
			n = 10*n + int(c-'0')
		case c == 's' && i > 0:
			for _, rest := range b[i+1:] {
				if rest != 0 {
					return -1
				}
			}
			return n
		default:
			return -1
		}
	}
	return -1
}

// The kinds of items.
const (
	kindPlain = iota // int, float, bool
	kindText
	kindBytes
	kindNone
)

// float and its bits.
func toFloat(w uint64) float64   { return math.Float64frombits(w) }
func fromFloat(f float64) uint64 { return math.Float64bits(f) }
