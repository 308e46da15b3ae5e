package subprocess

import (
	"runtime"
	"sync"
	"time"
)

// GuardianPID waits until there is a guardian and returns its number. It is 0 if
// there is none for long.
func GuardianPID() int { return NextGuardianPID(0) }

// NextGuardianPID is that of another one than old.
func NextGuardianPID(old int) int {
	for range 2000 {
		if pid := guardian.pid.Load(); pid != 0 && int(pid) != old {
			return int(pid)
		}
		if guardian.table.Load() == nil {
			return 0
		}
		time.Sleep(5 * time.Millisecond)
	}
	return 0
}

// WarmStarters makes all starters, with and without a mask.
func WarmStarters() {
	for range 100 {
		if starters.Load() >= int32(runtime.GOMAXPROCS(0)) {
			break
		}
		var all sync.WaitGroup
		for range runtime.GOMAXPROCS(0) {
			all.Go(func() { onStarter(func() { time.Sleep(time.Millisecond) }) })
		}
		all.Wait()
	}
	withUmask(0o22, func() {})
}

// Leaks are the descriptors that a program would inherit by accident.
func Leaks() []int { return leaks(nil) }
