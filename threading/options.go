package threading

import "github.com/conexgo/conex/contextvars"

// An Option changes a thread when it is made, by [New], [NewRunner], [Go],
// [NewTimer] or [Adopt].
type Option interface{ apply(*Thread) }

// WithName gives the thread a name: any string, also one that another thread
// has.
func WithName(name string) Option { return withName(name) }

type withName string

func (n withName) apply(t *Thread) { t.SetName(string(n)) }

// WithDaemon says whether the thread is a daemon, for which the program's end
// does not wait: see [Shutdown]. Without it a thread is what the thread is that
// starts it.
func WithDaemon(daemon bool) Option { return withDaemon(daemon) }

type withDaemon bool

func (d withDaemon) apply(t *Thread) { t.setDaemon(bool(d)) }

// WithContext makes the thread run in vars, as [contextvars.Context.Run] does:
// what it sets is set there. Without it, and if vars is nil, a thread has a copy
// of its starter's variables. If somebody else is in vars when the thread gets
// there, the thread fails with the error of Run. [Adopt], which has no function
// to run, heeds no WithContext.
func WithContext(vars *contextvars.Context) Option { return withContext{vars} }

type withContext struct{ vars *contextvars.Context }

func (c withContext) apply(t *Thread) { t.more().vars = c.vars }

// WithOSThread gives the thread an operating system thread to itself, until it
// ends: see runtime.LockOSThread. Only such a thread has a [Thread.NativeID].
// On Linux the system shows the first 15 bytes of its name, in top and in
// debuggers. Starting one costs some 20 µs, and so does each switch to it.
func WithOSThread() Option { return withFlag(flagOSThread) }

// WithLabels shows the thread in profiles, as a label "thread" with its name
// on the goroutine and those it starts, and in execution traces, as a task of
// that name while one is recorded. It costs as much as the goroutine itself.
// [SetLabels] does that for all threads.
func WithLabels() Option { return withFlag(flagLabels) }

type withFlag uint32

func (f withFlag) apply(t *Thread) { t.flags.Or(uint32(f)) }
