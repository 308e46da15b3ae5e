// Package self is who this process is among those of the program: what a
// process that starts another one hands down to it, and what the other one has
// to know before it runs anything. Package multiprocessing, when a program has
// it, says what that is; engines that start workers of their own carry it along
// as bytes, and so their workers have names, keys and rules as well.
//
// A program without package multiprocessing pays a comparison with nil.
package self

import "sync/atomic"

// A Source is what package multiprocessing registers.
type Source struct {
	// Hand returns what a child called name gets.
	Hand func(name string, daemon bool) []byte
	// Take makes this process what its parent said. What it does not
	// understand it ignores.
	Take func(b []byte)
}

var source atomic.Pointer[Source]

// Register makes s the source. Package multiprocessing calls it while it
// initialises.
func Register(s Source) { source.Store(&s) }

// Hand returns what a child called name gets; nil if the program has no package
// multiprocessing. A daemonic child may start no processes.
func Hand(name string, daemon bool) []byte {
	if s := source.Load(); s != nil {
		return s.Hand(name, daemon)
	}
	return nil
}

// Take is the other side of Hand: the child calls it before it runs anything.
func Take(b []byte) {
	if s := source.Load(); s != nil && len(b) > 0 {
		s.Take(b)
	}
}
