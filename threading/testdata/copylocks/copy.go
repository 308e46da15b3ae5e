// Package copylocks copies what must not be copied; TestCopy has go vet look
// at it.
package copylocks

import "github.com/conexgo/conex/threading"

func lock(x threading.Lock)                         {}
func rlock(x threading.RLock)                       {}
func condition(x threading.Condition)               {}
func semaphore(x threading.Semaphore)               {}
func boundedsemaphore(x threading.BoundedSemaphore) {}
func event(x threading.Event)                       {}
func barrier(x threading.Barrier)                   {}
