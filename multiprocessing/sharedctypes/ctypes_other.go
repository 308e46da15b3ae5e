//go:build !windows

package sharedctypes

type (
	long  = int // as wide as a pointer, like Go's int
	ulong = uint
	wchar = int32
)
