package exit

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

var orphans struct {
	mu    sync.Mutex
	hooks []*func()
}

// OnOrphan makes [RunOrphan] call fn: a child process does then what cannot
// wait for its end, such as removing files that would be left behind. The
// returned function takes that back.
func OnOrphan(fn func()) (remove func()) {
	h := &fn
	orphans.mu.Lock()
	defer orphans.mu.Unlock()
	orphans.hooks = append(orphans.hooks, h)
	return func() {
		orphans.mu.Lock()
		defer orphans.mu.Unlock()
		if i := slices.Index(orphans.hooks, h); i >= 0 {
			orphans.hooks = slices.Delete(orphans.hooks, i, i+1)
		}
	}
}

// RunOrphan is for a child process whose parent has died, right before it ends.
// It calls what is registered, each in a goroutine of its own, and waits for
// them for no longer than limit: user code may hang.
func RunOrphan(limit time.Duration) {
	orphans.mu.Lock()
	hooks := orphans.hooks
	orphans.hooks = nil
	orphans.mu.Unlock()
	if len(hooks) == 0 {
		return
	}
	var wg sync.WaitGroup
	for _, h := range hooks {
		wg.Go(*h)
	}
	done := make(chan struct{})
	go func() {
		wg.Wait()
		close(done)
	}()
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-done:
	case <-t.C:
	}
}

var deaf atomic.Bool

// IgnoreInterrupts makes this process, a child, go on when it is interrupted:
// servers end when they are told to, not by a Ctrl-C that was for their parent.
func IgnoreInterrupts() { deaf.Store(true) }

// InterruptsIgnored reports whether [IgnoreInterrupts] was called.
func InterruptsIgnored() bool { return deaf.Load() }
