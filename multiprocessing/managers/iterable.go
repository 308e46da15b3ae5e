package managers

import (
	"math/big"
	"slices"

	"github.com/conexgo/conex/pickle"
)

// A container is a referent that can be iterated over: iter returns what list
// of it would have, as it is now.
type container interface {
	iter() []any
}

// iterable returns the items of everything that Python iterates over and a
// client can send: the items of a list, the keys of a dict, the characters of a
// str, what is in an object that a proxy stands for. The caller must not change
// them, but may keep them.
//
// It must not be called with the lock of a container held: that might be the
// one that v stands for.
func iterable(v any) ([]any, error) {
	switch v := v.(type) {
	case *pickle.List:
		return v.Items, nil
	case pickle.Tuple:
		return v, nil
	case *pickle.Dict:
		return slices.AppendSeq(make([]any, 0, v.Len()), v.Keys()), nil
	case *pickle.Set:
		return slices.AppendSeq(make([]any, 0, v.Len()), v.All()), nil
	case *pickle.FrozenSet:
		return slices.AppendSeq(make([]any, 0, v.Len()), v.All()), nil
	case string:
		return characters(v), nil
	case []byte:
		return byteInts(v), nil
	case *pickle.ByteArray:
		return byteInts(v.Bytes), nil
	case pickle.Range:
		return rangeInts(v)
	case *Ref:
		if k, ok := v.obj.self.(container); ok {
			return k.iter(), nil
		}
		if i, ok := v.obj.self.(*iterator); ok {
			return i.rest(&call{ctx: v.srv.ctx, srv: v.srv, name: "__next__"})
		}
	case *pickle.Object:
		if items, ok, err := objectItems(v); ok || err != nil {
			return items, err
		}
	}
	return nil, pickle.TypeError.Newf("'%s' object is not iterable", typeName(v))
}

// characters splits a string into those of Python, of which a lone surrogate is
// one.
func characters(s string) []any {
	items := make([]any, 0, len(s))
	for i := 0; i < len(s); {
		n := 1
		for i+n < len(s) && s[i+n]&0xc0 == 0x80 {
			n++
		}
		items = append(items, s[i:i+n])
		i += n
	}
	return items
}

func byteInts(b []byte) []any {
	items := make([]any, len(b))
	for i, c := range b {
		items[i] = int64(c)
	}
	return items
}

// rangeInts returns the numbers of a range, which a few bytes can make endless.
func rangeInts(r pickle.Range) ([]any, error) {
	start, stop, step := bigOf(r.Start), bigOf(r.Stop), bigOf(r.Step)
	if start == nil || stop == nil || step == nil || step.Sign() == 0 {
		return nil, pickle.ValueError.New("range() needs three ints, the last of them not zero")
	}
	// n = ceil((stop - start) / step)
	n := new(big.Int).Sub(stop, start)
	if n.Sign()*step.Sign() <= 0 {
		return nil, nil
	}
	n.Sub(n, big.NewInt(int64(step.Sign()))).Quo(n, step).Add(n, big.NewInt(1))
	if !n.IsInt64() || n.Int64() > maxItems {
		return nil, pickle.MemoryError.Newf("a range of %v: the server's limit is %d", n, maxItems)
	}
	items := make([]any, n.Int64())
	for i := range items {
		if start.IsInt64() {
			items[i] = start.Int64()
		} else {
			items[i] = new(big.Int).Set(start)
		}
		start.Add(start, step)
	}
	return items, nil
}

func bigOf(v any) *big.Int {
	if b, ok := v.(*big.Int); ok {
		return new(big.Int).Set(b)
	}
	if n, _, ok := integer(v); ok {
		return big.NewInt(n)
	}
	return nil
}

// objectItems iterates over what is iterable of the library's types, and over
// instances of classes derived from list and dict.
func objectItems(o *pickle.Object) (items []any, ok bool, err error) {
	g, _ := o.Class.(pickle.Global)
	args := o.Args
	switch g {
	case arrayClass, arrayRebuild:
		a, err := readArray(o)
		if err != nil {
			return nil, false, err
		}
		return a.iter(), true, nil
	case collection("deque"):
		if len(o.Items) == 0 && len(args) > 0 {
			items, err = iterable(args[0])
			return items, err == nil, err
		}
		return o.Items, true, nil
	case collection("OrderedDict"), collection("defaultdict"), collection("Counter"):
		d, err := mapping(o)
		return slices.AppendSeq(make([]any, 0, d.Len()), d.Keys()), err == nil, err
	case builtin("iter"), builtin("reversed"):
		if len(args) == 1 {
			items, err = iterated(g, args[0], o.State)
			return items, err == nil, err
		}
	case builtin("enumerate"):
		if len(args) == 2 {
			return enumerated(args[0], args[1])
		}
	case builtin("zip"):
		return zipped(args)
	}
	if len(o.Items) > 0 {
		return o.Items, true, nil
	}
	if len(o.Pairs) > 0 {
		for _, p := range o.Pairs {
			items = append(items, p.Key)
		}
		return items, true, nil
	}
	return nil, false, nil
}

func collection(name string) pickle.Global { return pickle.Global{Module: "collections", Name: name} }

// iterated is what an iterator over a sequence has left: state is where it is.
func iterated(g pickle.Global, seq, state any) ([]any, error) {
	items, err := iterable(seq)
	if err != nil {
		return nil, err
	}
	at, _, ok := integer(state)
	if g.Name == "iter" {
		if ok {
			items = items[min(max(at, 0), int64(len(items))):]
		}
		return items, nil
	}
	if ok {
		items = items[:min(max(at+1, 0), int64(len(items)))]
	}
	items = slices.Clone(items)
	slices.Reverse(items)
	return items, nil
}

func enumerated(seq, from any) ([]any, bool, error) {
	items, err := iterable(seq)
	n := bigOf(from)
	if err != nil || n == nil || !n.IsInt64() {
		return nil, false, err
	}
	out := make([]any, len(items))
	for i, v := range items {
		out[i] = pickle.Tuple{n.Int64() + int64(i), v}
	}
	return out, true, nil
}

func zipped(args pickle.Tuple) ([]any, bool, error) {
	cols := make([][]any, len(args))
	rows := -1
	for i, a := range args {
		var err error
		if cols[i], err = iterable(a); err != nil {
			return nil, false, err
		}
		if n := len(cols[i]); rows < 0 || n < rows {
			rows = n
		}
	}
	out := make([]any, max(rows, 0))
	for i := range out {
		row := make(pickle.Tuple, len(cols))
		for j, col := range cols {
			row[j] = col[i]
		}
		out[i] = row
	}
	return out, true, nil
}

// mapping returns what v maps if it is a mapping: nil if it is none. The caller
// must not change it.
func mapping(v any) (*pickle.Dict, error) {
	switch v := v.(type) {
	case *pickle.Dict:
		return v, nil
	case *Ref:
		if d, ok := v.obj.self.(*dict); ok {
			return d.snapshot(), nil
		}
	case *pickle.Object:
		g, _ := v.Class.(pickle.Global)
		d := new(pickle.Dict)
		switch g {
		case collection("Counter"):
			if len(v.Args) == 1 {
				return mapping(v.Args[0])
			}
			return d, nil
		case collection("OrderedDict"), collection("defaultdict"):
		default:
			if len(v.Pairs) == 0 {
				return nil, nil
			}
		}
		for _, p := range v.Pairs {
			if err := d.Set(p.Key, p.Value); err != nil {
				return nil, err
			}
		}
		return d, nil
	}
	return nil, nil
}
