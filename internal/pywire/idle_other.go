//go:build !linux

package pywire

import "time"

// A Lot is where connections are parked that nobody writes to. That is for
// Linux.
type Lot struct{}

type parked struct{}

// NewLot returns a Lot.
func NewLot(time.Duration) *Lot { return &Lot{} }

// Wait reports true: go on reading, which waits.
func (*Lot) Wait(*Conn) bool { return true }

// Park reports false.
func (*Lot) Park(*Conn, Waker) bool { return false }

// Len is 0.
func (*Lot) Len() int { return 0 }

// Close does nothing.
func (*Lot) Close() {}

func (c *Conn) unpark() {}
