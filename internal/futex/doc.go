// Package futex waits for words in shared memory to change: the way in which
// processes wait for each other when there is nothing but memory between them.
//
// Whoever changes a word calls [Wake]; whoever waits calls [Wait] with the value
// that is no good, and looks again when it returns. Wait blocks a thread in the
// kernel, so each object lets one goroutine of a process wait in it and lines up
// the others in a [Turn], if one of them can go on when the word changes, or in a
// [Group], if all can. When many objects are waited for at once, all but the
// first few share one thread.
//
// A process may be killed when it has been woken and has not acted yet, or
// before it wakes somebody. So who waits for something that another process is
// to give back does not trust in being woken alone: it bounds each Wait by a
// [Poll] and looks whether that process still lives. [Nudge] makes the waits of
// this process look at once.
//
// Linux only, from 5.16 on without polling; before that, or where a container
// refuses futex_waitv, a wait looks every few milliseconds whether its context
// has ended. Elsewhere [Supported] says why not.
package futex
