package subprocess

import (
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// The kernel ends a process that asked for it (PR_SET_PDEATHSIG) not with this
// program, but with the thread that started it, and Go ends threads: those on
// which a locked goroutine ended. So such processes are started by a few
// goroutines that are locked to their threads and never end. They also trace,
// which is a matter between threads, too.

// jobs has no buffer, so that a job is given to a starter that waits for one.
// Its channel is made before any bubble of testing/synctest.
var jobs = make(chan *job)

// starters is how many there are. More than there are processors are no use,
// since whoever starts a process holds one until it runs.
var starters atomic.Int32

// A job is something to be done on a starter's thread. Its end is told by the
// unlocking of a mutex, which bubbles do not mind, as they do a channel.
type job struct {
	run  func()
	done sync.Mutex
}

// startersReady says whether there are starters, or may be: not if the first
// one would have to be made in a bubble of testing/synctest, for which it would
// be a goroutine that never ends.
func startersReady() bool { return starters.Load() > 0 || !inBubble() }

// onStarter runs a job and returns when it is done. In a bubble in which there
// may be no starter it runs here.
func onStarter(run func()) {
	if !startersReady() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		run()
		return
	}
	j := &job{run: run}
	j.done.Lock()
	select {
	case jobs <- j:
	default:
		if n := starters.Load(); int(n) < runtime.GOMAXPROCS(0) && !inBubble() && starters.CompareAndSwap(n, n+1) {
			go starter(jobs)
		}
		jobs <- j
	}
	j.done.Lock()
}

// starter is the life of a starter: as long as that of the program.
func starter(jobs chan *job) {
	runtime.LockOSThread()
	for j := range jobs {
		j.run()
		j.done.Unlock()
	}
}

// The mode mask belongs to a process, unless a thread has said that its is its
// own, and so are the current directory and the root. One thread has: processes
// with a mask of theirs start there, one at a time.
var (
	umaskOnce sync.Once
	umaskJobs = make(chan *job)
)

// withUmask runs a job on a thread that has this mask, and the directory of the
// caller.
func withUmask(mask int, run func()) (err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	here := "/proc/self/task/" + strconv.Itoa(unix.Gettid()) + "/cwd"
	masked := func() {
		if err = unix.Unshare(unix.CLONE_FS); err != nil {
			return
		}
		if err = unix.Chdir(here); err != nil {
			return
		}
		unix.Umask(mask)
		run()
	}
	if inBubble() {
		var done sync.WaitGroup
		done.Go(func() {
			runtime.LockOSThread() // for good: the thread is of no use to others
			masked()
		})
		done.Wait()
		return err
	}
	umaskOnce.Do(func() { go notOnMain(func() { starter(umaskJobs) }) })
	j := &job{run: masked}
	j.done.Lock()
	umaskJobs <- j
	j.done.Lock()
	return err
}

// notOnMain runs f on a thread that is not the first one, which stands for the
// program when others look at it: its directory should be the program's.
func notOnMain(f func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if unix.Gettid() != unix.Getpid() {
		f()
		return
	}
	locked := make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		close(locked)
		f()
	}()
	<-locked
}

// inBubble says whether this goroutine lives in a bubble of testing/synctest:
// there the clock is not the system's.
func inBubble() bool {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_REALTIME, &ts) != nil {
		return false
	}
	return time.Since(time.Unix(ts.Unix())).Abs() > time.Hour
}
