package dummy

import "github.com/conexgo/conex/contextvars"

// An Option changes a thread when it is made, by [New], [NewRunner], [Go],
// [NewTimer] or [Adopt].
type Option interface{ apply(*Thread) }

// WithName gives the thread a name: any string, also one that another thread
// has.
func WithName(name string) Option { return withName(name) }

type withName string

func (n withName) apply(t *Thread) { t.SetName(string(n)) }

// WithDaemon says whether the thread is a daemon. Without it a thread is what
// the thread is that starts it.
func WithDaemon(daemon bool) Option { return withDaemon(daemon) }

type withDaemon bool

func (d withDaemon) apply(t *Thread) { t.setDaemon(bool(d)) }

// WithContext makes the thread run in vars, as [contextvars.Context.Run] does:
// what it sets is set there. Without it, and if vars is nil, a thread has a copy
// of its starter's variables. A thread that is started by somebody who is in
// vars fails with the error of Run. It has no effect on [Adopt].
func WithContext(vars *contextvars.Context) Option { return withContext{vars} }

type withContext struct{ vars *contextvars.Context }

func (c withContext) apply(t *Thread) { t.vars = c.vars }

// WithOSThread keeps the caller's goroutine on its operating system thread
// while the thread runs: see runtime.LockOSThread. It has no effect on [Adopt].
func WithOSThread() Option { return withFlag(flagOSThread) }

// WithLabels shows the thread in profiles, as a label "thread" with its name
// on the caller's goroutine while it runs, and in execution traces, as a task
// of that name. It has no effect on [Adopt].
func WithLabels() Option { return withFlag(flagLabels) }

type withFlag flags

func (f withFlag) apply(t *Thread) { t.flags |= flags(f) }
