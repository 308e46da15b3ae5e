package peer

import (
	"os"
	"sync"
)

// An ID is a process: its number in the low half, and above it when it was
// started, in a unit of the system's. 0 is nobody.
type ID uint64

// New makes an ID of its halves.
func New(pid int, start uint32) ID { return ID(uint64(start)<<32 | uint64(uint32(pid))) }

// PID is the number of the process.
func (id ID) PID() int { return int(int32(id)) }

// Start is when it was started: the low half of a number of the system's.
func (id ID) Start() uint32 { return uint32(id >> 32) }

var self = sync.OnceValue(func() ID {
	pid := os.Getpid()
	start, _, _ := stat(pid)
	return New(pid, start)
})

// Self is this process.
func Self() ID { return self() }

// Alive reports whether the process lives. Once it has answered false, no
// thread of the process runs any more, and it will not answer true again. It
// takes some microseconds; a process that has ended and was not waited for yet
// is dead.
func (id ID) Alive() bool {
	switch {
	case id == Self():
		return true
	case id.PID() <= 0: // no number that a process can have
		return false
	}
	return alive(id)
}

// Of returns the process with a number, as it is now. It is false for one that
// is not there, or of which the system says nothing.
func Of(pid int) (ID, bool) {
	start, _, ok := stat(pid)
	if !ok {
		return 0, false
	}
	return New(pid, start), true
}
