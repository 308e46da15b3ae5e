package contextvars

import "context"

// Go calls fn on a goroutine of its own with a ctx that carries a copy of the
// current Context: of the moment of the call of Go, and empty if ctx carries
// none. Neither side sees what the other sets afterwards. The channel is closed
// when fn has ended; who does not want to wait may drop it.
//
// Like a go statement, Go panics if fn is nil, and a panic in fn ends the
// program. What happens before the call of Go synchronizes before fn, and fn
// before the channel is closed.
//
// For goroutines that something else starts, copy first:
//
//	own := contextvars.Copy(ctx)
//	group.Go(func() error { return own.Run(ctx, work) })
func Go(ctx context.Context, fn func(ctx context.Context)) <-chan struct{} {
	if fn == nil {
		panic(ErrNilFunc)
	}
	root, _ := frozen(ctx)
	own := newScope(ctx, root)
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn(own)
	}()
	return done
}
