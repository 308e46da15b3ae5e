package sharedctypes

import (
	"context"
	"runtime"
)

// A Value is one T in memory shared by processes, with a lock: Python's Value and
// its Synchronized wrapper. Make one with [NewValue], or around a RawValue with
// [Synchronized]. It is used by its pointer, must not be copied, and can be sent
// to other processes. It is safe for concurrent use by processes and goroutines.
//
// Get, Set, Update and With hold the lock; they wait for it as long as ctx allows,
// and their errors are those of the lock's Acquire. Load and Store pass the lock
// by, and so do [Add], [Swap] and [CompareAndSwap], which need none: for a
// counter, Add is the fastest and the simplest. Use either them or the lock to
// change a Value, not both.
//
// # When a holder dies
//
// A process may be killed while it holds the lock. The next Update or With, or
// Get of a T that is no word, returns an error matching
// multiprocessing.ErrOwnerDied and has done nothing: what the Value holds may be
// half changed, and is the caller's to judge. The call after it goes on. To
// repair before anybody else looks, use Acquire, which gives the error together
// with the lock, then Obj, then Release. Set always succeeds, since it replaces
// all, and so does Get of a word of 1, 2, 4 or 8 bytes, since that cannot be
// half changed; they leave the notice for the next Update, if the lock is the
// Value's own.
//
// In the terms of the Go memory model, what happens under the lock synchronizes
// before whatever happens under it later.
type Value[T any] struct {
	_   noCopy
	raw *RawValue[T]
	synced
}

// NewValue returns a Value that holds v, with a lock of its own, which is no
// RLock, or with that of an option. Without a lock it would be a [RawValue]. It
// fails as [NewRawValue] does, and if there can be no lock. It does not block.
func NewValue[T any](v T, opts ...Option) (*Value[T], error) {
	raw, err := NewRawValue(v)
	if err != nil {
		return nil, err
	}
	return Synchronized(raw, opts...)
}

// Synchronized returns a Value that is raw with a lock, a new one or that of an
// option. Two Values of one RawValue should have the same lock. The error matches
// [ErrNoObject] if raw is nil.
func Synchronized[T any](raw *RawValue[T], opts ...Option) (*Value[T], error) {
	if raw == nil || raw.lay == nil {
		return nil, ErrNoObject
	}
	v := &Value[T]{raw: raw}
	if err := v.init(raw.mark(), opts); err != nil {
		return nil, err
	}
	return v, nil
}

// Get returns what is there.
func (v *Value[T]) Get(ctx context.Context) (x T, err error) {
	if isWord[T]() {
		err = v.enterWord(ctx)
	} else {
		err = v.enter(ctx)
	}
	if err != nil {
		return x, err
	}
	x = v.raw.Load()
	v.leave(ctx, &err)
	return x, err
}

// Set writes x.
func (v *Value[T]) Set(ctx context.Context, x T) error {
	err := v.enterWord(ctx)
	if err != nil {
		return err
	}
	v.raw.Store(x)
	v.leave(ctx, &err)
	return err
}

// Update writes what fn makes of what is there, and returns that: Python's
// `with v.get_lock(): v.value += 1`. Nobody who uses the lock comes between. fn
// must not use v, unless its lock is an RLock. If fn panics nothing is written
// and the lock is free. A nil fn is threading.ErrNilFunc.
func (v *Value[T]) Update(ctx context.Context, fn func(T) T) (x T, err error) {
	if fn == nil {
		return x, errNilFunc
	}
	if err = v.enter(ctx); err != nil {
		return x, err
	}
	defer v.leave(ctx, &err)
	x = fn(v.raw.Load())
	v.raw.Store(x)
	return x, nil
}

// With calls fn with the place itself while holding the lock, and returns fn's
// error: Python's with-statement, and its properties for the fields of a struct.
// The pointer is good until fn returns. What fn has written stays, also if it
// fails or panics; the lock is free again in any case. fn must not use v, unless
// its lock is an RLock. A nil fn is threading.ErrNilFunc.
func (v *Value[T]) With(ctx context.Context, fn func(p *T) error) (err error) {
	if fn == nil {
		return errNilFunc
	}
	if err = v.enter(ctx); err != nil {
		return err
	}
	defer v.leave(ctx, &err)
	defer runtime.KeepAlive(v)
	v.raw.lay.mend(v.raw.at)
	return fn(v.raw.place())
}

// Load returns what is there, without the lock, as [RawValue.Load] does.
func (v *Value[T]) Load() T { return v.raw.Load() }

// Store writes x without the lock, as [RawValue.Store] does.
func (v *Value[T]) Store(x T) { v.raw.Store(x) }

// Obj returns the same memory without the lock: get_obj.
func (v *Value[T]) Obj() *RawValue[T] { return v.raw }

// Size is the size of a T in bytes.
func (v *Value[T]) Size() int { return v.raw.Size() }

// String shows the type, what is there now, and the lock.
func (v *Value[T]) String() string {
	if v == nil || v.raw == nil {
		return "Value(none)"
	}
	return "Value(" + v.raw.String() + ", " + v.Lock().String() + ")"
}

func (v *Value[T]) place() *T { return v.raw.place() }
