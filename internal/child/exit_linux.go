package child

import (
	"os"
	"syscall"
	"time"
)

// KillDescendants kills every descendant of this process with SIGKILL, those
// included that left its process group or ignore other signals, again and again
// until none is left. A worker calls it when its parent is gone or before it
// serves another owner. It needs [BecomeSubreaper] to find orphans.
//
// It blocks for as long as the killed take to be seen dead, usually a
// millisecond, one second at most: what cannot be killed (a process of another
// user, one blocked in the kernel) is left behind. It does not reap. It does not
// keep other goroutines from starting processes meanwhile, and what they start
// after its last look stays alive: a worker that is about to end uses [Exit].
func KillDescendants() {
	killDescendants(time.Now().Add(time.Second))
}

func killDescendants(deadline time.Time) {
	for i := 0; ; i++ {
		newSelfTree().kill()
		if len(Descendants(os.Getpid())) == 0 || time.Now().After(deadline) {
			return
		}
		pause(i)
	}
}

// newSelfTree is the tree below this process. Nobody is stopped before he is
// killed: orphans come back to us, the subreaper. And it would be fatal: when a
// parent dies that is of our session, the kernel sends SIGHUP to our process
// group if any member of it is stopped at that moment, and it closes the dying
// parent's descriptors, which is how we come to be here, a little earlier.
func newSelfTree() *tree { return &tree{root: os.Getpid()} }

// Exit ends this process like [os.Exit], together with all its descendants. It
// is the end of a worker whose parent has died: user code that is still running
// can start no more processes from the moment Exit has looked for the last time.
// It takes about a millisecond, one second at most, and does not return.
func Exit(code int) {
	deadline := time.Now().Add(time.Second)
	// A reader of the fork lock, never released, holds off os/exec and its kin.
	// The lock is fair to a waiting reader, but a fork under way may hang (a dead
	// network disk), therefore another goroutine waits for it.
	held := make(chan struct{})
	go func() {
		syscall.ForkLock.RLock()
		close(held)
	}()
	wait := func(d time.Duration) bool {
		select {
		case <-held:
			return true
		case <-time.After(d):
			return false
		}
	}
	if !wait(10 * time.Millisecond) {
		// Whoever forks waits for its child to execute; killing the child, a
		// descendant like any other, sets it free.
		newSelfTree().kill()
		wait(100 * time.Millisecond)
	}
	killDescendants(deadline)
	os.Exit(code)
}
