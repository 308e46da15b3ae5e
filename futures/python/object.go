package python

import (
	"context"
	"errors"
	"fmt"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/wire"
)

// An Object is an object of Python that lives in a worker of its own: a model that
// took seconds to load, a connection, a counter. It is a [futures.Executor] with one
// worker that runs a [Method] of the object, an [Expr] with self, and any other
// function of Python, one after the other.
//
//	model, err := python.NewObject(ctx, pool, python.Func[string, any]("model:Model"), "weights.bin")
//	…
//	defer model.Close()
//	y, err := futures.Submit(ctx, model, python.Method[[]float64, float64]("predict"), x).Result(ctx)
//
// If the worker dies, or is killed because a call's time was over, the next one
// makes the object anew, with the same arguments: what has become of its state since
// is lost. If that fails the Object is broken, and calls fail with an error matching
// futures.ErrBroken and the reason. Config.OnDeath holds for calls as it does in the
// pool. Where state must not be lost silently, use [Break].
//
// Close ends the object, and so does the end of its pool. An Object must not be
// copied. Its methods are safe for concurrent use.
type Object struct{ host objectHost }

var _ futures.Executor = (*Object)(nil)

// An objectSpec says how a worker makes its object, before it does anything else and
// after Config.Init. Encode is called when the pool is made; its bytes are good for
// every worker.
type objectSpec struct {
	name string // for messages, and the name of the pool
	make Bound
}

// An objectHost runs an object: a pool of one worker. *Pool is one.
type objectHost interface {
	futures.Executor

	// Ready waits until the worker has its object, or says why it has none.
	Ready(ctx context.Context) error

	Close() error
	Terminate()
	Kill()
}

// startObject starts the pool of an object, beside p and with its Config, except
// that Workers is 1, and MaxTasks, MaxAge and MaxRSS are 0, since state is not to be
// lost for tidiness. When p shuts down, so does the host; p's Kill is the host's, too.
// It does not wait for the worker.
var startObject func(p *Pool, spec objectSpec) (objectHost, error)

// NewObject makes an object: class, which may be any function, is called with arg in
// a worker that is started for it, beside those of p and with the same Config, but
// that it is not recycled. What it returns is the object, and never leaves the
// worker; R says nothing.
//
// NewObject waits until the object is there. The error is an [*Error] if class has
// raised it. If ctx ends first the worker is killed, and the error matches that of
// ctx.
func NewObject[A, R any](ctx context.Context, p *Pool, class futures.Callable[A, R], arg A) (*Object, error) {
	if ctx == nil || p == nil || class == nil {
		return nil, errors.New("python: NewObject with a nil context, pool or class")
	}
	spec, err := specOf(class, arg)
	if err != nil {
		return nil, err
	}
	host, err := startObject(p, spec)
	if err != nil {
		return nil, err
	}
	if err := host.Ready(ctx); err != nil {
		host.Kill()
		return nil, fmt.Errorf("python: object %q: %w", clip(spec.name), err)
	}
	return &Object{host}, nil
}

// specOf encodes the argument once, so that what cannot be sent is known before
// anything is started.
func specOf[A, R any](class futures.Callable[A, R], arg A) (objectSpec, error) {
	f, ok := class.(interface{ Wire() *wire.Func[A, R] })
	if !ok || f.Wire() == nil || f.Wire().Engine != engine {
		return objectSpec{}, fmt.Errorf("%w: NewObject needs a class of Python, and %q is none", futures.ErrNotEncodable, class.Name())
	}
	w := f.Wire()
	if w.Key[0] == kindMethod {
		return objectSpec{}, fmt.Errorf("%w: %q is a method: an object is made by a class or a function", ErrNotFound, w.Name)
	}
	spec := objectSpec{w.Name, bind(w, arg)}
	_, _, handles, err := spec.make.encode()
	release(handles)
	return spec, err
}

// release gives references to handles back.
func release(handles []any) {
	for _, h := range handles {
		if r, ok := h.(interface{ Release() }); ok {
			r.Release()
		}
	}
}

// Submit takes t over; use futures.Submit and its kin, and [Stream]. An error matches
// futures.ErrShutdown, futures.ErrBroken or futures.ErrNotEncodable.
func (o *Object) Submit(t futures.Task) error { return o.host.Submit(t) }

// Workers returns 1.
func (o *Object) Workers() int { return 1 }

// Shutdown refuses further calls, waits until those taken over are done, ends the
// worker, and returns nil. If ctx ends first it returns an error matching
// futures.ErrStillRunning, and the shutdown goes on in the background.
func (o *Object) Shutdown(ctx context.Context) error { return o.host.Shutdown(ctx) }

// ShutdownNow is Shutdown, but calls that have not started are cancelled.
func (o *Object) ShutdownNow(ctx context.Context) error { return o.host.ShutdownNow(ctx) }

// Close is Shutdown without a deadline, for defer.
func (o *Object) Close() error { return o.host.Close() }

// Terminate ends the object at once: the worker gets SIGTERM, the running call fails
// with an error matching futures.ErrKilled, others are cancelled. It does not wait.
func (o *Object) Terminate() { o.host.Terminate() }

// Kill is Terminate with SIGKILL.
func (o *Object) Kill() { o.host.Kill() }
