package sharedmemory

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"unicode/utf8"
)

// An item is a value on its way into a list.
type item struct {
	kind   byte
	format format // unless kind is kindText or kindBytes
	word   uint64 // how formats other than these have it
	text   string // kindText
	bytes  []byte // kindBytes
}

// itemOf says what v is for a list. v does not escape.
func itemOf(v any) (item, error) {
	switch v := v.(type) {
	case nil:
		return item{kind: kindNone, format: formatNone}, nil
	case bool:
		return boolItem(v), nil
	case int:
		return intItem(int64(v)), nil
	case int8:
		return intItem(int64(v)), nil
	case int16:
		return intItem(int64(v)), nil
	case int32:
		return intItem(int64(v)), nil
	case int64:
		return intItem(v), nil
	case uint:
		return uintItem(uint64(v))
	case uint8:
		return intItem(int64(v)), nil
	case uint16:
		return intItem(int64(v)), nil
	case uint32:
		return intItem(int64(v)), nil
	case uint64:
		return uintItem(v)
	case float32:
		return floatItem(float64(v)), nil
	case float64:
		return floatItem(v), nil
	case string:
		return item{kind: kindText, text: v}, nil
	case []byte:
		return item{kind: kindBytes, bytes: v}, nil
	}
	return item{}, fail(ErrType, "%v: a list has whole numbers, floats, bools, strings, bytes and nil", reflect.TypeOf(v))
}

func intItem(n int64) item     { return item{format: formatInt, word: uint64(n)} }
func floatItem(f float64) item { return item{format: formatFloat, word: fromFloat(f)} }

func uintItem(n uint64) (item, error) {
	if n > math.MaxInt64 {
		return item{}, fail(ErrOverflow, "%d: at most %d", n, int64(math.MaxInt64))
	}
	return intItem(int64(n)), nil
}

// boolItem has the bool in the last of the 8 bytes: "xxxxxxx?".
func boolItem(b bool) item {
	it := item{format: formatBool}
	if b {
		var w [word]byte
		w[word-1] = 1 // the last of the 8
		it.word = getWord(w[:], 0)
	}
	return it
}

// size is that of the value, slot that of the slot it gets in a new list.
func (it *item) size() int {
	switch it.kind {
	case kindText:
		return len(it.text)
	case kindBytes:
		return len(it.bytes)
	}
	return word
}

func (it *item) slot() (int, error) {
	if it.kind != kindText && it.kind != kindBytes {
		return word, nil
	}
	slot := slotFor(it.size(), it.size())
	if it.kind == kindText {
		slot = slotFor(utf8.RuneCountInString(it.text), it.size())
	}
	if slot > maxSlot {
		return 0, fail(ErrSize, "an item of %d bytes: less than %d", it.size(), maxSlot)
	}
	return slot, nil
}

// store writes the item into its slot, and says what is there. It refuses what
// has no room before it writes anything. The three writes are not one: who reads
// meanwhile may see a format that does not go with the value, which load bears.
func (l *layout) store(mem []byte, i int, it *item) error {
	slot := mem[l.at[i]:l.at[i+1]]
	f := it.format
	switch it.kind {
	case kindText, kindBytes:
		if it.size() > len(slot) {
			return fail(ErrNoRoom, "item %d has %d bytes, and the value %d", i, len(slot), it.size())
		}
		if len(slot) > maxSlot {
			return fail(ErrCorrupt, "item %d has a slot of %d bytes", i, len(slot))
		}
		f = formatBytes(len(slot))
		n := copy(slot, it.text)
		if it.kind == kindBytes {
			n = copy(slot, it.bytes)
		}
		clear(slot[n:])
	default:
		putWord(slot, 0, it.word)
	}
	putWord(mem, l.formats+word*i, uint64(f))
	mem[l.kinds+i] = it.kind
	return nil
}

// load is the way back. Whatever lies there, it looks at nothing outside the
// slot. The bytes of the result are the slot's own, without trailing zeros, and
// must be copied before the list is left.
func (l *layout) load(mem []byte, i int) (it item, err error) {
	slot := mem[l.at[i]:l.at[i+1]]
	it.format = format(getWord(mem, l.formats+word*i))
	it.kind = mem[l.kinds+i]
	switch it.kind {
	case kindNone:
		return it, nil
	case kindPlain:
		if it.format == formatInt || it.format == formatFloat || it.format == formatBool {
			it.word = getWord(slot, 0)
			return it, nil
		}
	case kindText, kindBytes:
		if n := it.format.bytes(); n >= 0 && n <= len(slot) {
			it.bytes = bytes.TrimRight(slot[:n], "\x00")
			return it, nil
		}
	}
	return it, fail(ErrCorrupt, "item %d has the kind %d and the format %q", i, it.kind, it.format.String())
}

// bool takes any byte but 0 for true, as Python does.
func (it *item) bool() bool {
	var w [word]byte
	putWord(w[:], 0, it.word)
	return w[word-1] != 0
}

// string copies the text out. Text in a list is Python's str, so it must be one.
func (it *item) string(i int) (string, error) {
	s := string(it.bytes)
	if !utf8.ValidString(s) {
		return "", fail(ErrCorrupt, "item %d is no UTF-8: Python cuts texts that are not ASCII when it makes a list", i)
	}
	return s, nil
}

// value copies the item out.
func (it *item) value(i int) (any, error) {
	switch {
	case it.kind == kindNone:
		return nil, nil
	case it.kind == kindText:
		return it.string(i)
	case it.kind == kindBytes:
		return append([]byte{}, it.bytes...), nil
	case it.format == formatInt:
		return int64(it.word), nil
	case it.format == formatFloat:
		return toFloat(it.word), nil
	}
	return it.bool(), nil
}

// equal reports whether an item of a list is the value w.
func (it *item) equal(w *item) bool {
	if it.kind != w.kind {
		return false
	}
	switch it.kind {
	case kindText:
		return string(it.bytes) == w.text
	case kindBytes:
		return bytes.Equal(it.bytes, w.bytes)
	case kindNone:
		return true
	}
	switch {
	case it.format != w.format:
		return false
	case it.format == formatFloat:
		return toFloat(it.word) == toFloat(w.word) // 0 is -0, and no NaN is equal
	case it.format == formatBool:
		return it.bool() == w.bool()
	}
	return it.word == w.word
}

// name of what an item is, for errors.
func (it *item) name() string {
	switch {
	case it.kind == kindNone:
		return "nil"
	case it.kind == kindText:
		return "a string"
	case it.kind == kindBytes:
		return "bytes"
	case it.format == formatInt:
		return "a whole number"
	case it.format == formatFloat:
		return "a float"
	}
	return "a bool"
}

// literal shows a value in the way of Go.
func literal(v any) string {
	switch v := v.(type) {
	case string:
		return fmt.Sprintf("%q", v)
	case []byte:
		return fmt.Sprintf("[]byte(%q)", v)
	}
	return fmt.Sprint(v)
}
