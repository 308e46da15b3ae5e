package managers

import "context"

// An AsyncResult is the result of a function that a [Pool] runs, or will. It is
// safe for concurrent use, and must not be copied; any number of goroutines may
// wait for it.
type AsyncResult[R any] struct{ handle }

// AsyncResultOf returns the result that p stands for, and takes p over.
func AsyncResultOf[R any](p *Proxy) *AsyncResult[R] { return &AsyncResult[R]{handle{p}} }

// Get waits for the result, at most until ctx ends; then the error matches what
// ctx ended with. The error of the function is that of Get.
func (r *AsyncResult[R]) Get(ctx context.Context) (R, error) {
	w := wait{p: r.p, method: "get", over: isTimeout}
	return result[R](w.until(ctx))
}

// Wait waits until there is a result or an error, at most until ctx ends; then
// the error matches what ctx ended with.
func (r *AsyncResult[R]) Wait(ctx context.Context) error {
	w := wait{p: r.p, method: "wait", over: never}
	if r.p.usable() != nil || r.p.m.native || ctx.Done() == nil {
		return w.whole(ctx)
	}
	// CPython's wait does not say whether the timeout was over.
	w.over = func(_ any, err error) bool {
		if err != nil {
			return false
		}
		ready, err := r.Ready(context.WithoutCancel(ctx))
		return err == nil && !ready
	}
	_, err := w.until(ctx)
	return err
}

// Ready reports whether there is a result or an error.
func (r *AsyncResult[R]) Ready(ctx context.Context) (bool, error) {
	return result[bool](r.p.call(ctx, "ready"))
}

// Successful reports whether there is a result. If there is none yet, and no
// error either, the error matches pickle.ValueError.
func (r *AsyncResult[R]) Successful(ctx context.Context) (bool, error) {
	return result[bool](r.p.call(ctx, "successful"))
}
