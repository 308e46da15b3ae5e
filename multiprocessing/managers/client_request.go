package managers

import (
	"encoding/binary"
	"math"
	"unicode/utf8"

	"github.com/conexgo/conex/pickle"
)

// The opcodes of a request, which is written by hand as far as it is always the
// same: (ident, method, args, kwds).
const (
	opProto     = "\x80\x04"
	opFrame     = 0x95
	opMemoize   = 0x94
	opMark      = '('
	opNone      = 'N'
	opTrue      = 0x88
	opFalse     = 0x89
	opInt       = 'J'
	opInt1      = 'K'
	opInt2      = 'M'
	opLong1     = 0x8a
	opFloat     = 'G'
	opStr1      = 0x8c
	opStr       = 'X'
	opEmpty     = ')'
	opTuple1    = 0x85
	opEmptyDict = '}'
	opTuple     = 't'
	opStop      = '.'
)

// noIdent begins the requests to the server itself.
var noIdent = []byte(opProto + "(N")

// identHead begins the requests to an object.
func identHead(ident string) []byte {
	return appendStr([]byte(opProto+"("), ident)
}

func appendStr(b []byte, s string) []byte {
	if len(s) < 256 {
		b = append(b, opStr1, byte(len(s)))
	} else {
		b = append(b, opStr)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(s)))
	}
	return append(b, s...)
}

// request writes a request into buf[:0]. On an error it returns buf, for the next
// one.
func (m *Manager) request(buf, head []byte, method string, args []any) ([]byte, error) {
	out := append(buf[:0], head...)
	out = appendStr(out, method)
	var kwds Kwds
	if n := len(args); n > 0 {
		if k, ok := args[n-1].(Kwds); ok {
			kwds, args = k, args[:n-1]
		}
	}
	out, err := m.arguments(out, args)
	if err != nil {
		return buf, err
	}
	if len(kwds) == 0 {
		return append(out, opEmptyDict, opTuple, opStop), nil
	}
	if out, err = m.value(out, map[string]any(kwds)); err != nil {
		return buf, err
	}
	return append(out, opTuple, opStop), nil
}

// arguments appends the tuple of them. One plain value, or none, is what most
// calls have.
func (m *Manager) arguments(out []byte, args []any) ([]byte, error) {
	switch len(args) {
	case 0:
		return append(out, opEmpty), nil
	case 1:
		if b, ok := appendPlain(out, args[0]); ok {
			return append(b, opTuple1), nil
		}
	case 2, 3:
		b, ok := appendPlain(out, args[0])
		for _, a := range args[1:] {
			if ok {
				b, ok = appendPlain(b, a)
			}
		}
		if ok {
			return append(b, byte(opTuple1+len(args)-1)), nil
		}
	}
	return m.value(out, pickle.Tuple(args))
}

// appendPlain appends a value without parts, if it is one.
func appendPlain(b []byte, v any) ([]byte, bool) {
	switch v := v.(type) {
	case nil:
		return append(b, opNone), true
	case bool:
		if v {
			return append(b, opTrue), true
		}
		return append(b, opFalse), true
	case int:
		return appendInt(b, int64(v)), true
	case int64:
		return appendInt(b, v), true
	case float64:
		return binary.BigEndian.AppendUint64(append(b, opFloat), math.Float64bits(v)), true
	case string:
		if len(v) < 1<<16 && utf8.ValidString(v) {
			return appendStr(b, v), true
		}
	}
	return b, false
}

func appendInt(b []byte, v int64) []byte {
	switch {
	case v >= 0 && v < 256:
		return append(b, opInt1, byte(v))
	case int64(int32(v)) == v:
		return binary.LittleEndian.AppendUint32(append(b, opInt), uint32(v))
	}
	return binary.LittleEndian.AppendUint64(append(b, opLong1, 8), uint64(v))
}

// value appends a value without the frame and the end of a pickle of its own.
// There is at most one such value after which something with a memo follows:
// the memo is numbered as if there were nothing before.
func (m *Manager) value(out []byte, v any) ([]byte, error) {
	n := len(out)
	full, err := m.encode.Append(out, v)
	if err != nil {
		return out, err
	}
	body := full[n+len(opProto):]
	if len(body) > 9 && body[0] == opFrame {
		body = body[9:]
	}
	body = body[:len(body)-1] // without STOP
	return full[:n+copy(full[n:], body)], nil
}
