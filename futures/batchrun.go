package futures

import "context"

// Run runs items on the caller's goroutine. Each is visible to the consumer as
// soon as it has ended: the next may take for ever.
func (b *batch[A, R]) Run(ctx context.Context, from, to int) {
	// An engine that calls Run again, since an item ended the goroutine,
	// means the items that have not ended.
	from, to = max(from, b.ready()), min(to, len(b.args))
	for from < to {
		from = b.runSome(ctx, from, to)
	}
}

// runSome runs items until one panics or all have run; it returns the next to
// run. One deferred call serves many items.
func (b *batch[A, R]) runSome(ctx context.Context, from, to int) (next int) {
	i := from
	returned := false
	defer func() {
		if !returned {
			// Item i panicked. Or it ended the goroutine: then nobody
			// gets next, and the engine runs the rest on another.
			err := panicError(recover())
			countFailures(ctx, 1)
			b.failRange(i, i+1, err)
			next = i + 1
		}
	}()
	m, fn := b.m, b.m.fn
	args, res := b.args, b.res
	timed := m.timeout > 0
	own, copies := ctx, m.vars.Each(ctx, to-from)
	for ; i < to; i++ {
		// Asking ctx for each item would cost as much as all the rest.
		if m.over.Load() || i == from && ctx.Err() != nil {
			countFailures(ctx, to-i)
			b.failRange(i, to, m.whyOver(ctx))
			break
		}
		if timed {
			b.runTimed(ctx, i)
			continue
		}
		if copies != nil {
			own = copies()
		}
		r, err := fn.Call(own, args[i])
		if err != nil {
			countFailures(ctx, 1)
			b.failRange(i, i+1, err)
			continue
		}
		res[i] = r
		if !b.prog.CompareAndSwap(uint64(i), uint64(i+1)) || b.gappy.Load() {
			b.advanceOne(i)
		}
		if b.armed.Load() || i+1 == to {
			b.notify()
		}
	}
	returned = true
	return to
}

// runTimed runs item i under TaskTimeout.
func (b *batch[A, R]) runTimed(ctx context.Context, i int) {
	timed, cancel := context.WithTimeout(ctx, b.m.timeout)
	defer cancel()
	r, err := b.m.fn.Call(b.m.vars.Give(timed), b.args[i])
	if err != nil {
		countFailures(ctx, 1)
		b.failRange(i, i+1, err)
		return
	}
	b.res[i] = r
	if !b.prog.CompareAndSwap(uint64(i), uint64(i+1)) || b.gappy.Load() {
		b.advanceOne(i)
	}
	b.notify()
}
