package managers

import (
	"errors"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/multiprocessing/pool"
	"github.com/conexgo/conex/pickle"
)

// What the methods of a pool have in common: the pool, the function, and what
// is called when its result is there.
type poolCall struct {
	h      *hostPool
	fn     function
	name   string
	result func(any)
	failed func(error)
}

func (h *hostPool) begin(c *call, fn, callback, errback any) (p poolCall, err error) {
	if err := h.running(); err != nil {
		return p, err
	}
	p = poolCall{h: h, name: c.name}
	if p.fn, err = h.types.function(fn); err != nil {
		return p, err
	}
	p.name, _ = functionName(fn)
	cb, err := poolCallback(c.srv, callback)
	if err != nil {
		return p, err
	}
	eb, err := poolCallback(c.srv, errback)
	if err != nil {
		return p, err
	}
	p.result = cb
	if eb != nil {
		p.failed = func(err error) { eb(exception(poolError(p.name, err))) }
	}
	return p, nil
}

// handed returns the proxy's referent for a result that is asked for later.
func (p poolCall) handed(o outcome) (any, error) {
	p.h.use()
	o.then(p.result, p.failed)
	return &asyncResult{o: o, h: p.h, name: p.name}, nil
}

func poolApply(c *call, self any) (any, error) {
	got, err := sigPoolApply.bind(c)
	if err != nil {
		return nil, err
	}
	if got[3] != nil || got[4] != nil {
		return nil, pickle.TypeError.New("apply() takes no callbacks")
	}
	p, args, kwds, err := applied(c, self, got)
	if err != nil {
		return nil, err
	}
	v, err := p.fn.apply(c.ctx, p.h.p, args, kwds)
	return v, poolError(p.name, err)
}

func poolApplyAsync(c *call, self any) (any, error) {
	got, err := sigPoolApply.bind(c)
	if err != nil {
		return nil, err
	}
	p, args, kwds, err := applied(c, self, got)
	if err != nil {
		return nil, err
	}
	return p.handed(p.fn.async(c.srv.ctx, p.h.p, args, kwds))
}

func applied(c *call, self any, got [maxParams]any) (p poolCall, args pickle.Tuple, kwds *pickle.Dict, err error) {
	if p, err = self.(*hostPool).begin(c, got[0], got[3], got[4]); err != nil {
		return p, nil, nil, err
	}
	if args, err = poolArgs(got[1]); err != nil {
		return p, nil, nil, err
	}
	if given(got[2]) {
		var ok bool
		if kwds, ok = deref(got[2]).(*pickle.Dict); !ok {
			err = pickle.TypeError.Newf("argument after ** must be a mapping, not %s", pickle.TypeName(got[2]))
		}
	}
	return p, args, kwds, err
}

func poolMap(star bool) method {
	return func(c *call, self any) (any, error) {
		p, items, chunk, err := mappedArgs(c, self, sigPoolMap, star)
		if err != nil {
			return nil, err
		}
		if p.result != nil || p.failed != nil {
			return nil, pickle.TypeError.Newf("%s() takes no callbacks", c.name)
		}
		v, err := p.fn.mapped(c.ctx, p.h.p, items, chunk).get(c.ctx)
		return v, poolError(p.name, err)
	}
}

func poolMapAsync(star bool) method {
	return func(c *call, self any) (any, error) {
		p, items, chunk, err := mappedArgs(c, self, sigPoolMap, star)
		if err != nil {
			return nil, err
		}
		return p.handed(p.fn.mapped(c.srv.ctx, p.h.p, items, chunk))
	}
}

func poolIMap(ordered bool) method {
	return func(c *call, self any) (any, error) {
		p, items, chunk, err := mappedArgs(c, self, sigPoolIMap, false)
		if err != nil {
			return nil, err
		}
		p.h.use()
		it := p.fn.iterate(c.srv.ctx, p.h.p, items, chunk, ordered)
		stop := it.stop
		it.stop = func() {
			stop()
			p.h.release()
		}
		return it, nil
	}
}

// mappedArgs returns one tuple of arguments for each item.
func mappedArgs(c *call, self any, sig *signature, star bool) (p poolCall, items []pickle.Tuple, chunk int, err error) {
	got, err := sig.bind(c)
	if err != nil {
		return p, nil, 0, err
	}
	if p, err = self.(*hostPool).begin(c, got[0], got[3], got[4]); err != nil {
		return p, nil, 0, err
	}
	all, err := iterable(got[1])
	if err != nil {
		return p, nil, 0, err
	}
	if got[2] != nil {
		if err := pickle.Assign(&chunk, got[2]); err != nil {
			return p, nil, 0, pickle.TypeError.Newf("chunksize: %v", err)
		}
		if chunk < 1 {
			return p, nil, 0, pickle.ValueError.Newf("Chunksize must be 1+, not %d", chunk)
		}
	}
	items = make([]pickle.Tuple, len(all))
	for i := range all {
		if !star {
			items[i] = all[i : i+1 : i+1]
		} else if items[i], err = iterable(all[i]); err != nil {
			return p, nil, 0, err
		}
	}
	return p, items, chunk, nil
}

// poolArgs returns positional arguments that were given as one value.
func poolArgs(v any) (pickle.Tuple, error) {
	if !given(v) {
		return nil, nil
	}
	items, err := iterable(v)
	if err != nil {
		return nil, pickle.TypeError.Newf("argument after * must be an iterable, not %s", pickle.TypeName(v))
	}
	return items, nil
}

// poolCallback returns what calls a callback: a method of a proxy for an object
// of this server. It gets the result as it arrives in a client.
func poolCallback(s *Server, v any) (func(any), error) {
	if !given(v) || v == nil {
		return nil, nil
	}
	of, name, ok := attribute(v)
	ref, isRef := of.(*Ref)
	if !ok || !isRef {
		return nil, pickle.TypeError.New("a callback must be a method of a proxy for an object of this server: other functions cannot be called from here")
	}
	if ref.obj.methods[name] == nil {
		return nil, notExposed(ref.obj, name)
	}
	return func(v any) {
		plain, err := s.plain(v)
		if err == nil {
			_, err = ref.Call(s.ctx, name, plain)
		}
		if err != nil {
			s.log.Warn("managers: callback", "method", name, "err", err)
		}
	}, nil
}

// plain returns a value of Go's as the value of Python's that a client gets.
func (s *Server) plain(v any) (any, error) {
	b, err := s.encode.Marshal(v)
	if err != nil {
		return nil, err
	}
	var w any
	err = s.decode.Unmarshal(b, &w)
	return w, err
}

// poolError returns err as Python's pools have it.
func poolError(name string, err error) error {
	if err == nil {
		return nil
	}
	var own *pickle.Exception
	var panicked *futures.PanicError
	var encoding *pool.EncodingError
	switch {
	case errors.As(err, &own):
		return own
	case errors.Is(err, pool.ErrInitializer), errors.Is(err, pool.ErrTerminated), errors.Is(err, futures.ErrWorkerDied),
		errors.Is(err, futures.ErrKilled), errors.Is(err, futures.ErrBroken):
		return processError(err.Error())
	case errors.Is(err, pool.ErrNotRunning):
		return pickle.ValueError.New("Pool not running")
	case errors.Is(err, pool.ErrRunning):
		return pickle.ValueError.New("Pool is still running")
	case errors.As(err, &panicked):
		e := pickle.RuntimeError.Newf("panic in %s: %v", name, panicked.Value)
		e.State = goType("panic")
		return e
	case errors.As(err, &encoding):
		return &pickle.Exception{
			Class: pickle.Global{Module: "multiprocessing.pool", Name: "MaybeEncodingError"},
			Args:  pickle.Tuple{encoding.Err.Error(), "the result of " + name},
		}
	case errors.Is(err, futures.ErrNotEncodable):
		return pickle.TypeError.New(err.Error())
	}
	return err
}

// processError is multiprocessing.ProcessError.
func processError(text string) error {
	return &pickle.Exception{Class: pickle.Global{Module: "multiprocessing.context", Name: "ProcessError"}, Args: pickle.Tuple{text}}
}
