package contextvars

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"sync"
	"unsafe"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/propagate"
)

// A luggage is how the values of a variable cross the border of a process.
type luggage struct {
	plan *codec.Plan
	// encode appends the value in a cell; decode makes a cell.
	encode func(e *codec.Encoder, cell unsafe.Pointer) error
	decode func(d *codec.Decoder) (cell unsafe.Pointer, err error)
}

// travellers are the variables that cross borders, by name.
var travellers struct {
	sync.RWMutex
	byName map[string]*core
}

// pack makes v known to other processes.
func pack[T any](v *Var[T]) *luggage {
	if v.name == "" {
		panic("contextvars: a Propagated variable needs a name")
	}
	plan, err := codec.For(reflect.TypeFor[T]())
	if err != nil {
		panic(fmt.Sprintf("contextvars: variable %q cannot be Propagated: %v", v.name, err))
	}
	if plan.HasHandles() {
		panic(fmt.Sprintf("contextvars: variable %q cannot be Propagated: %v holds what only arguments can take along", v.name, plan.Type()))
	}
	travellers.Lock()
	defer travellers.Unlock()
	if travellers.byName[v.name] != nil {
		panic(fmt.Sprintf("contextvars: there is a Propagated variable %q already", v.name))
	}
	if travellers.byName == nil {
		travellers.byName = make(map[string]*core)
	}
	travellers.byName[v.name] = &v.core
	return &luggage{
		plan: plan,
		encode: func(e *codec.Encoder, p unsafe.Pointer) error {
			return plan.Encode(e, unsafe.Pointer(&(*cell[T])(p).val))
		},
		decode: func(d *codec.Decoder) (unsafe.Pointer, error) {
			c := &cell[T]{head: head{&v.core}}
			err := plan.Decode(d, unsafe.Pointer(&c.val))
			return unsafe.Pointer(c), err
		},
	}
}

func init() { propagate.Add(propagator{}) }

// A propagator carries the variables that are Propagated. Its form is a
// sequence of names and values, each with its length before it.
type propagator struct{}

func (propagator) Name() string { return "conex/contextvars" }

// Inject is TryInject for those who do not ask for the error.
func (p propagator) Inject(ctx context.Context) []byte {
	b, _ := p.TryInject(ctx)
	return b
}

// TryInject returns the travelling variables of ctx as bytes.
func (propagator) TryInject(ctx context.Context) ([]byte, error) {
	root, _ := frozen(ctx)
	if root = root.travelling(); root == nil {
		return nil, nil
	}
	e := codec.Encoder{NoHandles: true}
	var err error
	root.each(func(p unsafe.Pointer) bool {
		v := (*head)(p).v
		if v.travel == nil {
			return true
		}
		e.AppendString(v.name)
		err = e.Prefixed(func() error { return v.travel.encode(&e, p) })
		if err != nil {
			err = fmt.Errorf("contextvars: variable %q: %w", v.name, err)
		}
		return err == nil
	})
	if err != nil {
		return nil, err
	}
	return e.Buf, nil
}

// Extract returns ctx with a Context of the variables in data. One that does
// not arrive is reported and left unset: the task may do without it.
func (propagator) Extract(ctx context.Context, data []byte) context.Context {
	root, _ := frozen(ctx)
	d := codec.Decoder{Buf: data}
	for len(d.Buf) > 0 {
		name, err := d.ReadString()
		var b []byte
		if err == nil {
			b, err = d.Bytes()
		}
		if err != nil {
			slog.Error("contextvars: corrupt variables", "error", err)
			break
		}
		travellers.RLock()
		v := travellers.byName[name]
		travellers.RUnlock()
		if v == nil {
			slog.Error("contextvars: a variable is not known here: make it while the program initialises", "variable", name)
			continue
		}
		cell, err := v.travel.decode(&codec.Decoder{Buf: b})
		if err != nil {
			slog.Error("contextvars: a variable did not arrive", "variable", name, "error", err)
			continue
		}
		root, _ = root.with(v.id, cell, 0)
	}
	return newScope(ctx, root)
}
