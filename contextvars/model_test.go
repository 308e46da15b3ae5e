package contextvars_test

import (
	"context"
	"errors"
	"maps"
	"testing"

	"github.com/conexgo/conex/contextvars"
)

// fuzzVars are few enough to meet and too many for one leaf.
var fuzzVars = func() []*contextvars.Var[int] {
	vars := makeMany(40)
	vars = append(vars, contextvars.NewVar("fuzz.default", contextvars.WithDefault(-1)))
	return append(vars, contextvars.NewVar("fuzz.travels", contextvars.Propagated[int]()))
}()

// A model is a Context and what must be in it.
type model struct {
	c    *contextvars.Context
	vars map[int]int // of fuzzVars
}

func (m *model) check(t *testing.T) {
	t.Helper()
	if m.c.Len() != len(m.vars) {
		t.Fatalf("%d variables, want %d", m.c.Len(), len(m.vars))
	}
	n := 0
	for v, val := range m.c.All() {
		i := 0
		for contextvars.AnyVar(fuzzVars[i]) != v {
			i++
		}
		if want, ok := m.vars[i]; !ok || want != val {
			t.Fatalf("variable %d is %v, want %v, %v", i, val, want, ok)
		}
		n++
	}
	if n != len(m.vars) {
		t.Fatalf("%d of %d variables come along", n, len(m.vars))
	}
}

// A fuzzToken is a token and what it is good for.
type fuzzToken struct {
	tok  *contextvars.Token[int]
	v    int
	in   *contextvars.Context
	old  int
	ok   bool
	used bool
}

// A machine runs operations on Contexts and on models of them.
type machine struct {
	t      *testing.T
	steps  []byte
	all    []*model
	tokens []*fuzzToken
	depth  int
	value  int
}

func (m *machine) next() byte {
	if len(m.steps) == 0 {
		return 0
	}
	b := m.steps[0]
	m.steps = m.steps[1:]
	return b
}

// run works in the Context of cur, whose ctx is given, until told to leave.
func (m *machine) run(ctx context.Context, cur *model) {
	t := m.t
	for len(m.steps) > 0 {
		op, arg := m.next(), m.next()
		i := int(arg) % len(fuzzVars)
		v := fuzzVars[i]
		switch op % 9 {
		case 0, 1:
			m.value++
			tok, err := v.Set(ctx, m.value)
			if err != nil {
				t.Fatal(err)
			}
			old, ok := cur.vars[i]
			if got, gotOK := tok.Old(); got != old || gotOK != ok || tok.Var() != v {
				t.Fatalf("token: %d, %v; want %d, %v", got, gotOK, old, ok)
			}
			m.tokens = append(m.tokens, &fuzzToken{tok: tok, v: i, in: cur.c, old: old, ok: ok})
			cur.vars[i] = m.value
		case 2:
			if len(m.tokens) > 0 {
				m.reset(ctx, cur, m.tokens[int(arg)%len(m.tokens)])
			}
		case 3:
			if c := cur.c.Copy(); len(m.all) < 12 {
				m.all = append(m.all, &model{c, maps.Clone(cur.vars)})
			}
		case 4:
			if c := contextvars.Copy(ctx); len(m.all) < 12 {
				m.all = append(m.all, &model{c, maps.Clone(cur.vars)})
			}
		case 5: // enter another, or this one again
			other := m.all[int(arg)%len(m.all)]
			entered := false
			if m.depth > 6 {
				continue
			}
			m.depth++
			err := other.c.Run(ctx, func(ctx context.Context) error {
				entered = true
				m.run(ctx, other)
				return nil
			})
			m.depth--
			if entered != (err == nil) || err != nil && err != contextvars.ErrEntered {
				t.Fatal(err)
			}
		case 6:
			if m.depth > 0 {
				return
			}
		case 7:
			m.value++
			own := &model{vars: maps.Clone(cur.vars)}
			own.vars[i] = m.value
			with := v.With(ctx, m.value)
			own.c = contextvars.Copy(with)
			own.check(t)
		case 8:
			got, err := v.Get(ctx)
			want, ok := cur.vars[i]
			if !ok && v.Name() == "fuzz.default" {
				want, ok = -1, true
			}
			if got != want || ok != (err == nil) || err != nil && !errors.Is(err, contextvars.ErrLookup) {
				t.Fatalf("variable %d is %d, %v; want %d, %v", i, got, err, want, ok)
			}
		}
		cur.check(t)
	}
}

func (m *machine) reset(ctx context.Context, cur *model, f *fuzzToken) {
	err := fuzzVars[f.v].Reset(ctx, f.tok)
	switch {
	case f.used:
		if !errors.Is(err, contextvars.ErrTokenUsed) {
			m.t.Fatal("used token:", err)
		}
	case f.in != cur.c:
		if !errors.Is(err, contextvars.ErrWrongContext) {
			m.t.Fatal("token of another Context:", err)
		}
	case err != nil:
		m.t.Fatal(err)
	default:
		f.used = true
		delete(cur.vars, f.v)
		if f.ok {
			cur.vars[f.v] = f.old
		}
	}
}

// FuzzContexts runs sequences of operations on Contexts and on maps.
func FuzzContexts(f *testing.F) {
	f.Add([]byte{0, 1, 3, 0, 0, 1, 2, 0, 5, 1, 8, 1, 0, 41, 6, 0, 2, 1})
	f.Add([]byte{0, 0, 0, 1, 0, 2, 4, 0, 0, 0, 2, 3, 2, 0, 7, 5, 5, 0, 5, 1, 0, 7, 4, 0, 5, 2})
	f.Fuzz(func(t *testing.T, steps []byte) {
		first := &model{contextvars.NewContext(), map[int]int{}}
		m := &machine{t: t, steps: steps, all: []*model{first}}
		first.c.Run(context.Background(), func(ctx context.Context) error {
			m.run(ctx, first)
			for len(m.steps) > 0 { // what is left after leaving
				m.run(ctx, first)
			}
			return nil
		})
		for _, x := range m.all {
			x.check(t)
		}
	})
}
