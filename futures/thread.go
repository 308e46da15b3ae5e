package futures

import (
	"context"
	"runtime"
	"runtime/pprof"
	"sync"
	"unsafe"

	"github.com/conexgo/conex/internal/current"
	"github.com/conexgo/conex/internal/inherit"
)

// A thread is a worker of a ThreadPool.
type thread struct {
	p      *threads
	name   string
	bed    sync.Cond // on p.mu: where it sleeps
	woken  bool      // protected by p.mu: it is to get up
	called bool      // protected by p.mu: it is the one that p.waking is about

	// What follows belongs to the worker's goroutine.
	me      current.Thread // what it is to package threading; nil if that is not linked in
	unadopt func()
	current entry // what it runs; t is nil if nothing
	ctx     *threadCtx

	items, failures, dropped int // of tasks since p was told
}

// moreLooks is how often a worker looks at an empty queue, after letting others
// run, before it goes to sleep.
const moreLooks = 2

type threadKey struct{}

// A threadCtx is a task's context with the worker in it. The task's current
// thread is the worker, never that of the submitter, whose locks are not the
// task's.
type threadCtx struct {
	context.Context
	w  *thread
	me current.Thread
}

func (c *threadCtx) Value(key any) any {
	switch key {
	case threadKey{}:
		return c.w
	case current.Key{}:
		return c.me
	}
	return c.Context.Value(key)
}

// context derives the context of a task. It keeps the last one: most tasks
// come with the same as the one before.
func (w *thread) context(ctx context.Context) context.Context {
	// Identity by the interface's words: == panics for some types.
	if w.ctx == nil || *(*[2]uintptr)(unsafe.Pointer(&ctx)) != *(*[2]uintptr)(unsafe.Pointer(&w.ctx.Context)) {
		w.ctx = &threadCtx{ctx, w, w.me}
	}
	return w.ctx
}

// countFailures tells the worker behind ctx, if it is one, that n items of its
// task failed. Only Run calls it, on the worker's goroutine.
func countFailures(ctx context.Context, n int) {
	if c, ok := ctx.(*threadCtx); ok {
		c.w.failures += n
	}
}

// run is the worker's life.
func (w *thread) run() {
	defer w.leave()
	w.me, w.unadopt = current.Adopt(w.name)
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("thread", w.name)))
	if w.p.init != nil && !w.initialise() {
		return
	}
	for w.current.t != nil || w.next() {
		w.do()
	}
}

// next takes the next task from the queue, and waits for one if it must. It
// returns false when the worker is to end.
func (w *thread) next() bool {
	p := w.p
	p.mu.Lock()
	w.account()
	for looks := 0; ; looks++ {
		if w.called {
			w.called, p.waking = false, false
		}
		if p.queue.size > 0 {
			break
		}
		if looks < moreLooks {
			// Whoever waits for the result that has just been given
			// often submits the next task: being there is cheaper
			// for both than being woken.
			p.looking++
			p.mu.Unlock()
			runtime.Gosched()
			p.mu.Lock()
			p.looking--
			continue
		}
		if p.closing {
			p.mu.Unlock()
			return false
		}
		if w.ctx != nil && w.ctx.Context != context.Background() {
			w.ctx = nil // it may hold much
		}
		w.woken = false
		p.idle = append(p.idle, w)
		for !w.woken {
			w.bed.Wait()
		}
		looks = 0
	}
	w.current = p.queue.pop()
	n := int64(w.current.t.Len())
	p.queued -= n
	p.running += n
	p.wakeNext() // unlocks
	return true
}

// account tells p what has become of the tasks since the last time. The caller
// holds p.mu.
func (w *thread) account() {
	p := w.p
	p.running -= int64(w.items)
	p.failed += int64(w.failures)
	p.done += int64(w.items - w.failures - w.dropped)
	w.items, w.failures, w.dropped = 0, 0, 0
}

// do runs the current task.
func (w *thread) do() {
	en := &w.current
	t := en.t
	n := t.Len()
	switch {
	case en.group != nil && en.group.Ctx.Err() != nil:
		w.failures += n
		t.Fail(-1, ctxError(en.group.Ctx))
	case !t.Start():
		w.dropped += n
	case w.p.isolated:
		w.runIsolated(t.(*isolatedTask))
	default:
		t.Run(w.context(t.Context()), 0, n)
	}
	w.items += n
	en.group.Leave()
	*en = entry{}
}

// leave is the last thing a worker does. If its goroutine was ended by its
// task, another takes its place, and what is left of the task.
func (w *thread) leave() {
	p := w.p
	t := w.current.t
	if w.unadopt != nil {
		w.unadopt()
		w.me, w.ctx = nil, nil
	}
	if t != nil {
		p.mu.Lock()
		broken := p.broken
		p.mu.Unlock()
		if broken != nil {
			t.Fail(-1, broken) // a new worker would not start
		}
	}
	p.mu.Lock()
	if t != nil && t.Done() {
		w.items += t.Len()
		w.account()
		w.current.group.Leave()
		w.current = entry{}
	}
	if t != nil && p.broken == nil {
		p.mu.Unlock()
		go w.run()
		return
	}
	p.alive--
	p.maybeOver()
	p.mu.Unlock()
}

// initialise runs the pool's Init on the worker's goroutine. It returns false
// if that failed; the pool is broken then.
func (w *thread) initialise() bool {
	p := w.p
	p.mu.Lock()
	if w.called {
		// It may take long: let another worker start meanwhile.
		w.called, p.waking = false, false
	}
	p.initing++
	p.wakeNext() // unlocks
	returned := false
	defer func() {
		p.mu.Lock()
		p.initing--
		p.mu.Unlock()
		if !returned {
			w.initFailed(panicError(recover()))
		}
	}()
	err := p.init(inherit.Own(&threadCtx{context.Background(), w, w.me}))
	returned = true
	if err != nil {
		w.initFailed(err)
	}
	return err == nil
}
