//go:build amd64 && !race

package mpring

import (
	"sync/atomic"
	"unsafe"
)

// publish makes v visible after everything stored before it. On amd64 every
// store is a release; sync/atomic's Store is an exchange, and the lock that is
// unlocked next is one, too.
func (r *Ring) publish(p *atomic.Uint64, v uint64) { *(*uint64)(unsafe.Pointer(p)) = v }

// ordered does something for the race detector only.
func (r *Ring) ordered() { _ = &r.order }
