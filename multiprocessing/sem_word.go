package multiprocessing

import "math/bits"

// The state of a semaphore is one word of 64 bits, so that every operation is
// committed by one CompareAndSwap, and a process that is killed has either done
// the whole of it or nothing.
//
// With accounts, from the low end:
//
//	8 bits   tenant: the slot of the process that has operated last
//	n bits   value: free permits
//	n bits   balance: what the tenant has acquired and not released
//	the rest a number that every operation increments
//
// n is what it takes to write the initial value. Balances add up with the value
// to the initial value, so no more is needed. What is not the tenant's balance
// lies in the slots, see [account].
//
// Without accounts the low byte is [keepsNone] and the upper half the value.
const (
	// maxPermits is SEM_VALUE_MAX, which sem_t has as well.
	maxPermits = 1<<31 - 1

	// maxAccounted is the largest initial value with accounts. It leaves the
	// number 24 bits; a semaphore of one has 54.
	maxAccounted = 1<<16 - 1

	slotBits = 8
	noSlot   = 256 // of a process that has not operated yet: no tenant can be that
	noTenant = 0   // nobody, or one of the processes beyond the slots
	lastSlot = 240

	keepsNone = 255
)

// A layout is where the fields of the word are.
type layout struct {
	initial uint64 // the initial value
	mask    uint64 // of value and balance
	balance uint8  // where the balance begins

	take, give uint64 // what the tenant adds to acquire and to release
	next       uint64 // what increments the number
}

func newLayout(initial int) layout {
	n := bits.Len(uint(initial))
	l := layout{initial: uint64(initial), mask: 1<<n - 1, balance: uint8(slotBits + n)}
	l.next = 1 << (slotBits + 2*n)
	l.give = l.next + 1<<slotBits - 1<<l.balance
	l.take = l.next - 1<<slotBits + 1<<l.balance
	return l
}

// accounts reports whether a semaphore begins with accounts. One that begins
// with none free is a signal.
func accounts(initial int) bool { return initial > 0 && initial <= maxAccounted }

// first is the word of a new semaphore.
func (l *layout) first() uint64 {
	if !accounts(int(l.initial)) {
		return plain(l.initial)
	}
	return l.initial << slotBits
}

// valueOf and balanceOf are the fields of a word with accounts.
func (l *layout) valueOf(w uint64) uint64   { return w >> slotBits & l.mask }
func (l *layout) balanceOf(w uint64) uint64 { return w >> (l.balance & 63) & l.mask }

// free is the value of any word.
func (l *layout) free(w uint64) uint64 {
	if tenantOf(w) == keepsNone {
		return w >> 32
	}
	return l.valueOf(w)
}

func tenantOf(w uint64) uint8 { return uint8(w) }

// after is the word after an operation on w.
func (l *layout) after(w, value, balance uint64, tenant uint8) uint64 {
	return (w&^(l.next-1) + l.next) | balance<<l.balance | value<<slotBits | uint64(tenant)
}

// valid reports whether a word can have been written by this package.
func (l *layout) valid(w uint64) bool {
	if tenantOf(w) == keepsNone {
		return w == plain(w>>32) && w>>32 <= maxPermits
	}
	return tenantOf(w) <= lastSlot && accounts(int(l.initial)) && l.valueOf(w)+l.balanceOf(w) <= l.initial
}

// plain is a word without accounts.
func plain(value uint64) uint64 { return value<<32 | keepsNone }
