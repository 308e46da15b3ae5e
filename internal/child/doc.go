// Package child starts, identifies and kills processes together with all that
// they start. It is the one way in which this library does so.
//
//	c, err := child.Start(child.Spec{Files: []*os.File{socket}}) // this program again
//	...
//	c.Kill()   // it and its whole tree
//	<-c.Done() // dead, its group killed, reaped
//	fmt.Println(c.Status())
//
// A child has a process group of its own and inherits what Spec lists. It is not
// for programs that need the terminal, as shells do: their group would be a
// background one. Descriptors are kept apart by close-on-exec, which Go sets on
// everything it opens; what this program has itself inherited without that flag,
// or what C code opened so, passes through to children, as with os/exec.
//
// # Identity
//
// A number of a process can mean another process a moment later. A child's number
// is used only while the child has not been reaped: then, alive or zombie, it is
// its owner's, and so is that of its process group. The death is noticed without
// reaping, the rest of the group is killed, and only then the child is reaped.
// Descendants are not ours to reap, so they are signalled through process
// descriptors (pidfd), each of which is opened first and then checked to be that of
// a child of a known member of the tree.
//
// Waiting takes one goroutine and two descriptors for each child, and no thread. On
// kernels without pidfd (before Linux 5.4, some containers) a child takes a blocked
// thread instead, and a descendant is identified by number and start time right
// before a signal: microseconds in which the number might be reused remain.
//
// # Killing a tree
//
// [Child.Kill] stops the child, so that it forks no more, then everybody below it,
// until a whole walk over the stopped tree finds nobody new; then it kills the
// descendants, the process group, and the child. Leaving the group with setsid,
// ignoring signals or forking without end does not help a descendant. The walk
// needs /proc, and takes advantage of CONFIG_PROC_CHILDREN where the kernel has it.
//
// A worker calls [BecomeSubreaper] first of all: then orphans come back to it, and
// its tree stays in one piece as long as it lives. When its parent is gone, which
// it learns from the end of file on the socket or pipe that they share, it calls
// [Exit], which kills all below it. So nothing survives a parent killed with SIGKILL:
// its workers see the end of file, each kills its own tree and ends, and where a
// worker had workers, these do the same.
//
// # What cannot be promised
//
// Only cgroups, which need privileges, could close these gaps:
//
//   - A descendant that has left the process group escapes if the child dies by
//     itself or of a signal from elsewhere (a crash, the kernel's out-of-memory
//     killer), not by Kill: at that moment it becomes an orphan, with nothing to
//     tell whose it was. If this program is a worker itself, the orphan comes back
//     to it and ends with it at the latest.
//   - If the child is no subreaper (any program but our workers), a descendant that
//     left the group and whose parent died before Kill is such an orphan too.
//   - A program that changed its user may refuse our signals. Kill says so if it is
//     the child, and goes on without those below it.
//   - A worker that does not come round to the end of file, since it hangs in the
//     kernel, survives its parent. User code that computes is no obstacle.
//   - A worker that is stopped (SIGSTOP, a debugger) sees no end of file. When its
//     parent dies, its process group becomes an orphan, and the kernel sends it
//     SIGHUP and SIGCONT: it wakes up. It must have called [os/signal.Notify] for
//     SIGHUP beforehand (not Ignore, which its children would inherit), for otherwise
//     SIGHUP kills it and its tree stays. The kernel does this only if the adopting
//     process is of another session: below a subreaper of the same session (a worker's
//     worker) the stopped one stays, until that subreaper ends.
//   - Kill stops before it kills. If this program is itself killed between the two,
//     within those fractions of a millisecond, the stopped group is woken as above,
//     but stopped descendants in sessions of their own stay stopped.
//   - Done tells that the rest of the group was sent SIGKILL, not that each member is
//     dead already. Once sent, it cannot be evaded.
//
// Why not PR_SET_PDEATHSIG? It follows the thread that forked, not the process: Go
// ends threads at will, and the child would die with one. And SIGKILL at that moment
// would leave the worker's own children behind, the very thing it should prevent.
//
// Orphans that came back to a worker and have died stay zombies (a number each, no
// memory) until the worker ends. The worker must not wait for just any child, since
// that would steal the status of processes that user code waits for with os/exec, and
// the kernel does not tell adopted children from own ones: its record of the parent
// is overwritten, and a process may have been orphaned before it was ever seen.
//
// # Peak memory
//
// Linux starts a child's account with the peak of the program that started it, since
// both share their memory until the exec. A small child of a big program that dies by
// itself therefore has only a bound, see [Status]; one that is killed was asked before.
//
// # Costs
//
// Linux 6.18, 2 cores, otherwise idle: Start returns after 0.1 to 0.4 ms. From Kill to
// Done a busy worker without descendants takes 0.6 ms in the median, against 0.3 ms
// for a bare SIGKILL: that is what the certainty about the tree costs. Each 100 MB of
// resident memory adds several milliseconds in which the kernel frees pages.
//
// # Platforms
//
//	                    Linux                macOS, BSD           Windows
//	Start, Done         yes                  yes                  yes; no Spec.Files
//	waiting             goroutine            a thread a child     a thread a child
//	Kill reaches        the whole tree       the process group    the job: the whole tree
//	parent dies         Exit (by the worker) the worker alone     the job ends with us
//	BecomeSubreaper     yes                  ErrUnsupported       ErrUnsupported
//	RSS, memory limit   yes                  ErrUnsupported       ErrUnsupported
//
// Other systems build and answer errors.ErrUnsupported. All but Linux is compiled and
// vetted, and was never run.
package child
