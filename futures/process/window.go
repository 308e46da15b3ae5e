package process

import "sync/atomic"

// The window is one word, so that the pool can take back what a worker has
// not begun without asking it, while the worker works:
//
//	claim  24 bits  items below it are the worker's
//	limit  24 bits  items below it may be claimed
//	epoch  16 bits  counts revocations
//
// Items are numbered in the order of sending, modulo 2²⁴. The worker claims
// some before it begins them; the pool moves the limit forward before it sends,
// and back to the claim to revoke the rest. Both do it by compare-and-swap, so
// each item has one owner at any time. After a revocation the ring still holds
// the revoked items: their frames carry the old epoch, by which the worker
// knows to skip them.
const (
	windowBits = 24
	windowMask = 1<<windowBits - 1
)

func windowOf(epoch uint16, limit, claim uint64) uint64 {
	return uint64(epoch)<<48 | (limit&windowMask)<<windowBits | claim&windowMask
}

func windowEpoch(w uint64) uint16 { return uint16(w >> 48) }
func windowLimit(w uint64) uint64 { return w >> windowBits & windowMask }
func windowClaim(w uint64) uint64 { return w & windowMask }

// windowFree is how many items may be claimed.
func windowFree(w uint64) uint64 { return (windowLimit(w) - windowClaim(w)) & windowMask }

// claim makes up to n items the worker's, starting with number seq, if epoch
// is still the current one. It returns how many; 0: they were revoked.
func claim(word *atomic.Uint64, epoch uint16, seq uint64, n uint64) uint64 {
	for {
		w := word.Load()
		if windowEpoch(w) != epoch || windowClaim(w) != seq&windowMask {
			return 0
		}
		k := min(n, windowFree(w))
		if k == 0 {
			return 0
		}
		if word.CompareAndSwap(w, windowOf(epoch, windowLimit(w), windowClaim(w)+k)) {
			return k
		}
	}
}

// extend lets n more items be claimed and returns the current epoch.
func extend(word *atomic.Uint64, n uint64) (epoch uint16) {
	for {
		w := word.Load()
		if word.CompareAndSwap(w, windowOf(windowEpoch(w), windowLimit(w)+n, windowClaim(w))) {
			return windowEpoch(w)
		}
	}
}

// revoke takes back what has not been claimed and returns how many items that
// is.
func revoke(word *atomic.Uint64) (n uint64) {
	for {
		w := word.Load()
		n := windowFree(w)
		if n == 0 {
			return 0
		}
		if word.CompareAndSwap(w, windowOf(windowEpoch(w)+1, windowClaim(w), windowClaim(w))) {
			return n
		}
	}
}
