package child

import (
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// A tree finds and kills the descendants of one process, its root, which it
// leaves alone. It works on a moving target: any descendant may fork, exit or
// be orphaned at any moment. Therefore it first stops them one and all, until a
// whole walk over a stopped tree has found nobody new, and only then kills: a
// process whose parent was killed too early would escape to init.
type tree struct {
	root int

	// rootStopped says whether the root can fork no more. It is asked before
	// each walk; a walk that began when it said no is not the last. It is nil
	// if the root is this process, which is alive to take orphans back: then
	// nobody needs to be stopped, and the caller looks again.
	rootStopped func() bool

	// rootExists says whether the root's number still is its own. It is nil if
	// nobody can reap the root meanwhile: it is our child, or this process.
	rootExists func() bool

	nodes map[int]*node // those found so far, by pid; dead ones linger
}

// How long a walk waits for processes to stop, and how often it starts again
// when killing has brought up new ones. A process that does not stop in this
// time is in the middle of a system call that ignores signals, or traced: it is
// killed all the same, and what it forked in between is found in the next round.
const (
	settleTime = 10 * time.Millisecond
	maxRounds  = 20
)

// kill kills all descendants of the root that it can find. It returns whether
// the last walk found none alive that had not been killed.
func (t *tree) kill() bool {
	if t.nodes == nil {
		t.nodes = make(map[int]*node)
	}
	defer func() {
		for _, n := range t.nodes {
			n.close()
		}
	}()
	for range maxRounds {
		settled := true
		if t.rootStopped != nil {
			settled = t.freeze()
		} else {
			t.walk()
		}
		fresh := false
		for _, n := range t.nodes {
			if !n.killed && !n.dead() {
				n.signal(unix.SIGKILL)
				n.killed, fresh = true, true
			}
		}
		if settled && !fresh {
			return true
		}
	}
	return false
}

// freeze stops all descendants. It returns true once a walk over the stopped
// tree has found nobody new, and false if time ran out.
func (t *tree) freeze() bool {
	deadline := time.Now().Add(settleTime)
	for i := 0; ; i++ {
		settled := t.stopped()
		// The first walk cannot be the last unless the tree has settled, and to
		// settle takes microseconds: worth a short wait before walking.
		if !settled && i < 50 {
			pause(i)
			continue
		}
		if t.walk() == 0 && settled {
			return true
		}
		if time.Now().After(deadline) {
			return false
		}
		if settled {
			i = 0 // newcomers have just been told to stop
		} else {
			pause(i)
		}
	}
}

// pause sleeps a little, and longer if it has been going on. It holds a thread:
// the runtime's timers are too coarse (a millisecond, when it is idle), and to
// spin would take the processor from those that are to stop.
func pause(i int) {
	d := 10 * time.Microsecond
	if i >= 20 {
		d = 200 * time.Microsecond
	}
	ts := unix.NsecToTimespec(int64(d))
	unix.Nanosleep(&ts, nil)
}

// stopped says whether the root and all known descendants can fork no more.
func (t *tree) stopped() bool {
	if !t.rootStopped() {
		return false
	}
	for _, n := range t.nodes {
		if !n.stopped() {
			return false
		}
	}
	return true
}

// walk goes through the tree from the root once, adds the processes it did not
// know, and tells them to stop if this is wanted. It returns how many.
func (t *tree) walk() (found int) {
	list := newLister()
	seen := map[int]bool{t.root: true}
	queue := []int{t.root}
	// Whom we know already may have lost the parent that leads there.
	for pid, n := range t.nodes {
		if !n.dead() {
			queue = append(queue, pid)
			seen[pid] = true
		}
	}
	for ; len(queue) > 0; queue = queue[1:] {
		parent := queue[0]
		for _, pid := range list(parent) {
			if seen[pid] {
				continue
			}
			seen[pid] = true
			if n := t.nodes[pid]; n == nil || n.dead() {
				fresh := t.identify(pid, parent)
				if fresh == nil {
					continue // gone, a zombie, or no longer there
				}
				if n != nil {
					n.close()
				}
				t.nodes[pid] = fresh
				if t.rootStopped != nil {
					fresh.signal(unix.SIGSTOP)
				}
				found++
			}
			queue = append(queue, pid)
		}
	}
	return found
}

// identify returns a handle on the process pid, provided that it is a living
// child of parent, a member of the tree. The order makes it safe:
//
//  1. open the handle: whatever it refers to, it is that for good;
//  2. read who the parent of pid is;
//  3. see that the parent has not been reaped, so that its number, read in 2,
//     meant the member of the tree and nobody who came after it.
//
// If the handle's process died between 1 and 2 and its number was reused, what
// we read is the newcomer's, but signals to the handle then go nowhere.
func (t *tree) identify(pid, parent int) *node {
	n := openNode(pid)
	if n == nil {
		return nil
	}
	s, ok := readStat(statPath(pid))
	if !ok || s.ppid != parent || !t.holds(parent) || n.dead() {
		n.close()
		return nil
	}
	return n
}

// holds says whether the number of a member still is that member's.
func (t *tree) holds(pid int) bool {
	if pid == t.root {
		return t.rootExists == nil || t.rootExists()
	}
	return t.nodes[pid].exists()
}

// killTree kills the child and everything below it. The caller holds mu and
// has seen that the child was not reaped: its number and its group's are its own.
func (c *Child) killTree() error {
	pid := c.PID()
	if dead(unix.P_PID, pid, unix.WNOHANG) {
		return nil // watch is about to kill the group and to reap
	}
	// All that can be stopped at one blow, for the rest of the tree to be
	// walked in peace; the child itself by its handle, as it may have left.
	if !c.shared {
		unix.Kill(-pid, unix.SIGSTOP)
	}
	c.proc.Signal(unix.SIGSTOP)
	// To stop takes a moment. Meanwhile, what the dead cannot be asked for.
	c.sys.peak = peakRSS(strconv.Itoa(pid))
	t := tree{root: pid, rootStopped: c.stopped, nodes: c.sys.known}
	c.sys.known = nil
	for _, n := range t.nodes {
		n.signal(unix.SIGSTOP)
	}
	t.kill()
	if !c.shared {
		unix.Kill(-pid, unix.SIGKILL)
	}
	return c.proc.Signal(os.Kill)
}

// stopped says whether all threads of the child are stopped, or it is dead.
// WNOWAIT leaves the event for whoever asks next.
func (c *Child) stopped() bool {
	var info unix.Siginfo
	err := unix.Waitid(unix.P_PID, c.PID(), &info, unix.WSTOPPED|unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	if err == unix.EINTR {
		return false
	}
	return err != nil || info.Signo != 0
}
