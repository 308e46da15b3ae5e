package codec

import (
	"encoding/binary"
	"math/bits"
)

// maxDepth limits how often a value may go through a recursive type or an interface. Deeper lists are rare, cyclic
// values are not, and a goroutine's stack is fine with this many levels.
const maxDepth = 10_000

// Encoder collects bytes. The zero value is ready for use. Not safe for concurrent use.
type Encoder struct {
	// Buf is what has been encoded so far; Encode appends to it.
	Buf []byte
	// Handles is filled by the functions given to RegisterHandle with what must travel beside the bytes.
	Handles []any
	// NoHandles says that nothing can travel beside the bytes: a handle is then an encoding error.
	NoHandles bool

	// TailMin, if set, lets those who encode a whole result leave a block of at least that many bytes in Tail, where
	// it lies, instead of copying it to Buf: see Plan.Tail. Encode itself does not look at them.
	TailMin int
	Tail    []byte

	depth int
}

// Reset empties the encoder and keeps its buffer.
func (e *Encoder) Reset() {
	clear(e.Handles)
	e.Buf, e.Handles, e.depth = e.Buf[:0], e.Handles[:0], 0
}

// Uvarint appends x, small numbers in few bytes.
func (e *Encoder) Uvarint(x uint64) {
	if x < 0x80 {
		e.Buf = append(e.Buf, byte(x))
		return
	}
	e.Buf = binary.AppendUvarint(e.Buf, x)
}

// AppendString appends a length and the bytes of s.
func (e *Encoder) AppendString(s string) {
	e.Uvarint(uint64(len(s)))
	e.Buf = append(e.Buf, s...)
}

// Prefixed appends what f appends, with its length before it. When f fails nothing is appended.
func (e *Encoder) Prefixed(f func() error) error {
	start, handles := len(e.Buf), len(e.Handles)
	e.Buf = append(e.Buf, 0)
	if err := f(); err != nil {
		e.cut(start, handles)
		return err
	}
	e.prefix(start)
	return nil
}

// prefix puts the length of what follows start+1 at start, where one byte was kept free for it.
func (e *Encoder) prefix(start int) {
	n := len(e.Buf) - start - 1
	if n < 0x80 {
		e.Buf[start] = byte(n)
		return
	}
	var head [binary.MaxVarintLen64]byte
	h := binary.PutUvarint(head[:], uint64(n))
	e.Buf = append(e.Buf, head[1:h]...) // room only; overwritten by the shift
	copy(e.Buf[start+h:], e.Buf[start+1:start+1+n])
	copy(e.Buf[start:], head[:h])
}

// cut forgets what was appended since the buffer and the handles had these lengths.
func (e *Encoder) cut(buf, handles int) {
	e.Buf = e.Buf[:buf]
	clear(e.Handles[handles:])
	e.Handles = e.Handles[:handles]
}

// enter counts one more level of nesting; every enter that answered nil needs a leave.
func (e *Encoder) enter() error {
	if e.depth >= maxDepth {
		return ErrDeep
	}
	e.depth++
	return nil
}

func (e *Encoder) leave() { e.depth-- }

// Decoder hands out bytes. The zero value is an empty input. Not safe for concurrent use.
type Decoder struct {
	// Buf is what is left to decode; Decode advances it.
	Buf []byte
	// Owned says that Buf belongs to the decoded value from now on: a top-level string, []byte or (when aligned)
	// slice of numbers may be a part of Buf instead of a copy. Nobody may write to Buf afterwards.
	Owned bool
	// Handles finds what travelled beside the bytes, for the functions given to RegisterHandle. It may be nil.
	Handles func(id uint64) (any, error)

	depth int
}

// Uvarint reads what Encoder.Uvarint wrote.
func (d *Decoder) Uvarint() (uint64, error) {
	if b := d.Buf; len(b) > 0 && b[0] < 0x80 {
		d.Buf = b[1:]
		return uint64(b[0]), nil
	}
	return d.uvarintSlow()
}

func (d *Decoder) uvarintSlow() (uint64, error) {
	x, n := binary.Uvarint(d.Buf)
	if n == 0 {
		return 0, errTruncated
	}
	if n < 0 {
		return 0, errVarint
	}
	d.Buf = d.Buf[n:]
	return x, nil
}

// Take removes the next n bytes and returns them. They are a part of Buf: copy what must stay.
func (d *Decoder) Take(n uint64) ([]byte, error) {
	if n > uint64(len(d.Buf)) {
		return nil, errTruncated
	}
	b := d.Buf[:n:n]
	d.Buf = d.Buf[n:]
	return b, nil
}

// Bytes reads a length and removes that many bytes, as Take does.
func (d *Decoder) Bytes() ([]byte, error) {
	n, err := d.Uvarint()
	if err != nil {
		return nil, err
	}
	return d.Take(n)
}

// ReadString reads what Encoder.AppendString wrote.
func (d *Decoder) ReadString() (string, error) {
	b, err := d.Bytes()
	return string(b), err
}

// present reads a presence byte.
func (d *Decoder) present() (bool, error) {
	if len(d.Buf) == 0 {
		return false, errTruncated
	}
	b := d.Buf[0]
	if b > 1 {
		return false, errPresence
	}
	d.Buf = d.Buf[1:]
	return b == 1, nil
}

// length reads the length of a slice or map: nil is told from empty. each is the least number of bytes an element
// takes, so a length that the input cannot hold is refused before anything is allocated for it.
func (d *Decoder) length(each int) (n int, isNil bool, err error) {
	x, err := d.Uvarint()
	if err != nil {
		return 0, false, err
	}
	return d.checkLength(x, each)
}

func (d *Decoder) checkLength(x uint64, each int) (n int, isNil bool, err error) {
	if x == 0 {
		return 0, true, nil
	}
	x--
	left := uint64(len(d.Buf))
	if each > 1 {
		left /= uint64(each)
	}
	if x > left {
		return 0, false, errLength
	}
	return int(x), false, nil
}

// room says for how many of n elements of the given size to allocate at once: memory may exceed the remaining input,
// since an empty string is 1 byte here and 16 there, but only by a factor. The rest follows as elements turn up.
func (d *Decoder) room(n int, size uintptr) int {
	const factor = 32
	budget := uint64(len(d.Buf))*factor + 1024
	if size == 0 || uint64(n) <= budget/uint64(size) {
		return n
	}
	return max(1, int(budget/uint64(size)))
}

func (d *Decoder) enter() error {
	if d.depth >= maxDepth {
		return ErrDeep
	}
	d.depth++
	return nil
}

func (d *Decoder) leave() { d.depth-- }

// uvarintLen is the number of bytes Uvarint appends for x.
func uvarintLen(x uint64) int { return (bits.Len64(x|1) + 6) / 7 }
