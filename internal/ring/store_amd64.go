//go:build amd64 && !race

package ring

import (
	"sync/atomic"
	"unsafe"
)

// storeRelease makes v visible after everything stored before it. On amd64
// every store is a release; sync/atomic's Store is an exchange, eight times
// dearer, and needed only where a load must not overtake it (Notify).
func storeRelease(p *atomic.Uint64, v uint64) { *(*uint64)(unsafe.Pointer(p)) = v }
