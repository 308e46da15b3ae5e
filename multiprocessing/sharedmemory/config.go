package sharedmemory

import (
	"math"
	"strings"
)

// A Config says what block to create. Size is needed, the rest is optional.
type Config struct {
	// Name is what other processes attach to: at most 255 bytes, without
	// slashes (one at the beginning is ignored, as in Python) and zero bytes.
	// Empty means a new one, "psm_" and eight hexadecimal digits, as CPython
	// makes them.
	Name string

	// Size is the number of bytes, at least 1. The block has exactly that many.
	Size int

	// Untracked says that the block outlives this process, until somebody
	// calls Unlink: Python's track=False. Otherwise it goes with its processes,
	// see "What happens to a block" in the documentation of the package.
	Untracked bool

	// Sparse says that the system need not have the memory ready: creating a
	// large block is fast, and pages take memory once they are touched, as with
	// Python. The price: if there is no memory then, the process that touches
	// them is killed (SIGBUS), where Create would have answered ErrNoSpace.
	Sparse bool
}

// check says what is wrong with c, whose Name it returns without a slash.
func (c Config) check() (name string, err error) {
	if c.Size <= 0 {
		return "", fail(ErrSize, "%d bytes: a block has at least 1", c.Size)
	}
	if c.Size > math.MaxInt-pageSlack {
		return "", fail(ErrSize, "%d bytes: too many", c.Size)
	}
	if c.Name == "" {
		return "", nil
	}
	return checkName(c.Name)
}

// pageSlack keeps sizes that are rounded up to pages from overflowing.
const pageSlack = 1 << 24

// maxName is what file systems allow.
const maxName = 255

// checkName returns name as the system knows it.
func checkName(name string) (string, error) {
	base := strings.TrimPrefix(name, "/")
	switch {
	case base == "" || base == "." || base == "..":
		return "", fail(ErrName, "%q", name)
	case len(base) > maxName:
		return "", fail(ErrName, "%d bytes long: at most %d", len(base), maxName)
	case strings.ContainsAny(base, "/\x00"):
		return "", fail(ErrName, "%q: no slash and no zero byte may be in it", name)
	}
	return base, nil
}
