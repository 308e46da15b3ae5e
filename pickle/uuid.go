package pickle

import "encoding/hex"

// A UUID is Python's uuid.UUID, in the order of its text, as in other packages
// of Go whose UUID is a [16]byte. Its is_safe is not kept: Python writes it only
// for one that uuid1 has just made.
type UUID [16]byte

// String returns the 36 characters of the UUID.
func (u UUID) String() string {
	var b [36]byte
	hex.Encode(b[:8], u[:4])
	hex.Encode(b[9:13], u[4:6])
	hex.Encode(b[14:18], u[6:8])
	hex.Encode(b[19:23], u[8:10])
	hex.Encode(b[24:], u[10:])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}

// uuidOf returns the UUID that Python keeps as the integer v.
func uuidOf(v any) (u UUID, ok bool) {
	n := bigOf(v)
	if n == nil || n.Sign() < 0 || n.BitLen() > 128 {
		return u, false
	}
	n.FillBytes(u[:])
	return u, true
}
