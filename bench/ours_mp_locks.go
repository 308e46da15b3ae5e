package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/conexgo/conex/bench/internal/meter"
	"github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/multiprocessing/sharedctypes"
	"github.com/conexgo/conex/multiprocessing/sharedmemory"
	"github.com/conexgo/conex/threading"
)

func mpLock(s meter.Spec) (meter.Figure, error) {
	ctx := context.Background()
	l, err := multiprocessing.NewLock()
	if err != nil {
		return meter.Figure{}, err
	}
	return meter.Bulk(s.N, meter.Count, func(n int) (count int, _ error) {
		for range n {
			if err := l.Acquire(ctx); err != nil {
				return 0, err
			}
			count++
			if err := l.Release(); err != nil {
				return 0, err
			}
		}
		return count, nil
	})
}

func mpRLock(s meter.Spec) (meter.Figure, error) {
	ctx, leave := threading.Adopt(context.Background())
	defer leave()
	l, err := multiprocessing.NewRLock()
	if err != nil {
		return meter.Figure{}, err
	}
	return meter.Bulk(s.N, meter.Count, func(n int) (count int, _ error) {
		for range n {
			if err := l.Acquire(ctx); err != nil {
				return 0, err
			}
			count++
			if err := l.Release(ctx); err != nil {
				return 0, err
			}
		}
		return count, nil
	})
}

func mpSemaphore(s meter.Spec) (meter.Figure, error) {
	ctx := context.Background()
	l, err := multiprocessing.NewSemaphore(1)
	if err != nil {
		return meter.Figure{}, err
	}
	return meter.Bulk(s.N, meter.Count, func(n int) (count int, _ error) {
		for range n {
			if err := l.Acquire(ctx); err != nil {
				return 0, err
			}
			count++
			if err := l.Release(); err != nil {
				return 0, err
			}
		}
		return count, nil
	})
}

// A guarded is a number that is counted up under a lock, by two processes.
type guarded struct {
	L *multiprocessing.Lock
	V *sharedctypes.RawValue[int64]
}

func (g guarded) through(ctx context.Context, n int) error {
	for range n {
		if err := g.L.Acquire(ctx); err != nil {
			return err
		}
		g.V.Store(g.V.Load() + 1)
		if err := g.L.Release(); err != nil {
			return err
		}
	}
	return nil
}

type (
	twoEvents struct{ Mine, Theirs *multiprocessing.Event }
)

var (
	throughLock = attend("through", func(ctx context.Context, n int, g guarded) (int, error) { return 0, g.through(ctx, n) })
	bounceBall  = attend("bounce", func(ctx context.Context, n int, e twoEvents) (int, error) {
		for range n {
			if err := e.Mine.Wait(ctx); err != nil {
				return 0, err
			}
			e.Mine.Clear()
			e.Theirs.Set()
		}
		return n, nil
	})
	meetThere = attend("meet", func(ctx context.Context, n int, b *multiprocessing.Barrier) (int, error) { return meet(ctx, n, b) })
)

func mpLockContended(s meter.Spec) (f meter.Figure, err error) {
	l, err1 := multiprocessing.NewLock()
	v, err2 := sharedctypes.NewRawValue[int64](0)
	if err := errors.Join(err1, err2); err != nil {
		return f, err
	}
	g := guarded{l, v}
	return with(s, func(p *partners) error { return join(p, s, throughLock, g) }, func(p *partners) (meter.Figure, error) {
		return meter.Bulk(s.N, meter.Count, func(n int) (int, error) {
			v.Store(0)
			if err := errors.Join(p.start(n-n/2), g.through(context.Background(), n/2)); err != nil {
				return 0, err
			}
			_, err := p.answer()
			return int(v.Load()), err
		})
	})
}

func mpEvent(s meter.Spec) (f meter.Figure, err error) {
	ctx := context.Background()
	here, err1 := multiprocessing.NewEvent()
	there, err2 := multiprocessing.NewEvent()
	if err := errors.Join(err1, err2); err != nil {
		return f, err
	}
	return with(s, func(p *partners) error { return join(p, s, bounceBall, twoEvents{there, here}) }, func(p *partners) (meter.Figure, error) {
		return meter.Bulk(s.N, meter.Count, func(n int) (int, error) {
			if err := p.start(n); err != nil {
				return 0, err
			}
			for range n {
				there.Set()
				if err := here.Wait(ctx); err != nil {
					return 0, err
				}
				here.Clear()
			}
			return p.answer()
		})
	})
}

func meet(ctx context.Context, n int, b *multiprocessing.Barrier) (int, error) {
	for range n {
		if _, err := b.Wait(ctx); err != nil {
			return 0, err
		}
	}
	return n, nil
}

func mpBarrier(s meter.Spec) (f meter.Figure, err error) {
	b, err := multiprocessing.NewBarrier(2)
	if err != nil {
		return f, err
	}
	return with(s, func(p *partners) error { return join(p, s, meetThere, b) }, func(p *partners) (meter.Figure, error) {
		return meter.Bulk(s.N, meter.Count, func(n int) (int, error) {
			if err := p.start(n); err != nil {
				return 0, err
			}
			if _, err := meet(context.Background(), n, b); err != nil {
				return 0, err
			}
			return p.answer()
		})
	})
}

func mpValue(s meter.Spec) (meter.Figure, error) {
	ctx := context.Background()
	v, err := sharedctypes.NewValue[int64](0)
	if err != nil {
		return meter.Figure{}, err
	}
	return meter.Bulk(s.N, meter.Count, func(n int) (int, error) {
		if err := v.Set(ctx, 0); err != nil {
			return 0, err
		}
		for range n {
			if _, err := v.Update(ctx, func(x int64) int64 { return x + 1 }); err != nil {
				return 0, err
			}
		}
		x, err := v.Get(ctx)
		return int(x), err
	})
}

func mpValueAtomic(s meter.Spec) (meter.Figure, error) {
	v, err := sharedctypes.NewRawValue[int64](0)
	if err != nil {
		return meter.Figure{}, err
	}
	return meter.Bulk(s.N, meter.Count, func(n int) (int, error) {
		v.Store(0)
		for range n {
			sharedctypes.Add(v, 1)
		}
		return int(v.Load()), nil
	})
}

func mpShm(s meter.Spec) (meter.Figure, error) {
	return meter.Bulk(s.N, meter.Count, func(n int) (count int, _ error) {
		for i := range n {
			a, err := sharedmemory.Create(sharedmemory.Config{Size: 4096})
			if err != nil {
				return 0, err
			}
			b, err := sharedmemory.Attach(a.Name())
			if err != nil {
				return 0, err
			}
			a.Bytes()[0] = byte(i)
			if b.Bytes()[0] != byte(i) {
				return 0, errors.New("other memory")
			}
			if err := errors.Join(b.Close(), a.Close(), a.Unlink()); err != nil {
				return 0, err
			}
			count++
		}
		return count, nil
	})
}

func mpList(s meter.Spec) (f meter.Figure, err error) {
	l, err := sharedmemory.NewShareableList(0, 1.5, "text", nil)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, l.Close(), l.Unlink()) }()
	return meter.Bulk(s.N, meter.Count, func(n int) (int, error) {
		if err := l.Set(0, 0); err != nil {
			return 0, err
		}
		for range n {
			v, err := l.At(0)
			if err != nil {
				return 0, err
			}
			if err := l.Set(0, v.(int64)+1); err != nil {
				return 0, err
			}
		}
		v, err := l.At(0)
		if err != nil {
			return 0, fmt.Errorf("at the end: %w", err)
		}
		return int(v.(int64)), nil
	})
}
