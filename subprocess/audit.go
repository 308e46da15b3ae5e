package subprocess

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// An AuditEvent is a program that is about to be started: Python's audit event
// "subprocess.Popen". Secrets of the Cmd are masked in it. It is a copy of its
// own: whoever gets it may keep and change it.
type AuditEvent struct {
	Executable string   // the program's file
	Args       []string // what it gets; of a Cmd of Shell, the shell's
	Dir        string   // empty: ours
	Env        []string // nil: ours
}

// AddAuditHook has hook called before each start of a program by this package,
// those of fakes included, and returns what takes it away again. Hooks are called
// in the order in which they were added, by the goroutine that starts the program
// and possibly by many at once. The first error stops the start, which returns
// an error that matches it and [ErrRefused]; hooks behind it are not called.
//
// A hook is called when the program has been found and nothing has been opened.
// It holds no lock, so it may start programs itself, which are then audited,
// too. It cannot keep other packages from starting programs: it is a record, and
// a policy for code that is not hostile.
//
// Adding a hook synchronizes before each call of it. A start that is under way
// when a hook is added or removed may or may not see that. The returned function
// may be called more than once. A nil hook panics.
func AddAuditHook(hook func(AuditEvent) error) (remove func()) {
	if hook == nil {
		panic("subprocess: AddAuditHook of nil: it would be called by the next start")
	}
	h := &hook
	hooks.change(func(all []*func(AuditEvent) error) []*func(AuditEvent) error { return append(all, h) })
	return func() {
		hooks.change(func(all []*func(AuditEvent) error) []*func(AuditEvent) error {
			return slices.DeleteFunc(all, func(other *func(AuditEvent) error) bool { return other == h })
		})
	}
}

// hooks are all hooks. Starts read them without a lock.
var hooks hookList

type hookList struct {
	mu  sync.Mutex // held by change
	all atomic.Pointer[[]*func(AuditEvent) error]
}

// change replaces the list by what f makes of a copy of it.
func (l *hookList) change(f func([]*func(AuditEvent) error) []*func(AuditEvent) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []*func(AuditEvent) error
	if old := l.all.Load(); old != nil {
		all = slices.Clone(*old)
	}
	all = f(all)
	l.all.Store(&all)
}

// audit tells the hooks what is going to be started, and returns what the first
// one says that has something against it.
func audit(l *plan) error {
	all := hooks.all.Load()
	if all == nil {
		return nil
	}
	mask := l.cmd.masker()
	for _, hook := range *all {
		if err := (*hook)(AuditEvent{mask(l.path), maskAll(mask, l.args), l.cmd.Dir, maskAll(mask, l.env)}); err != nil {
			return fmt.Errorf("%w: %s: %w", ErrRefused, shorten(mask(l.path)), err)
		}
	}
	return nil
}

// maskAll is a copy of ss with each of them masked; nil stays nil.
func maskAll(mask func(string) string, ss []string) []string {
	if ss == nil {
		return nil
	}
	masked := make([]string, len(ss))
	for i, s := range ss {
		masked[i] = mask(s)
	}
	return masked
}
