package managers

import (
	"bytes"
	"slices"
	"sync"

	"github.com/conexgo/conex/pickle"
)

// ArrayType is Python's array.array(typecode, sequence): numbers of one machine
// type, whose ranges are checked.
var ArrayType = newType(arrayClassOf, makeArray)

// An array is the referent of an ArrayProxy. Its bytes are those of Python's,
// in the order of a little endian machine.
type array struct {
	kind *arrayKind

	mu sync.Mutex
	b  []byte
}

var sigArray = sign("Array", "typecode", "sequence", "lock=True")

func makeArray(c *call) (any, error) {
	got, err := sigArray.bind(c)
	if err != nil {
		return nil, err
	}
	return newArray(got[0], got[1])
}

// newArray is array.array(typecode, v).
func newArray(typecode, v any) (*array, error) {
	code, ok := typecode.(string)
	if chars := characters(code); !ok || len(chars) != 1 {
		name := typeName(typecode)
		if typecode == nil {
			name = "None"
		}
		return nil, pickle.TypeError.Newf("array() argument 1 must be a unicode character, not %s", name)
	}
	k := arrayKinds[code]
	if r, ok := v.(*Ref); ok {
		if a, ok := r.obj.self.(*array); ok {
			v = a.object()
		}
	}
	if k == nil {
		return nil, pickle.ValueError.New("bad typecode (must be b, B, u, w, h, H, i, I, l, L, q, Q, f or d)")
	}
	var raw []byte
	switch x := v.(type) {
	case string:
		if !k.chars {
			return nil, pickle.TypeError.Newf("cannot use a str to initialize an array with typecode '%s'", code)
		}
	case []byte:
		raw = x
	case *pickle.ByteArray:
		raw = x.Bytes
	case *pickle.Object:
		if !isArray(x) {
			break
		}
		a, err := readArray(x)
		if err != nil {
			return nil, err
		}
		if a.kind.chars && !k.chars {
			return nil, pickle.TypeError.Newf("cannot use a unicode array to initialize an array with typecode '%s'", code)
		}
		if a.kind == k {
			return a, nil
		}
	}
	if raw != nil {
		if len(raw)%k.size != 0 {
			return nil, pickle.ValueError.New("bytes length not a multiple of item size")
		}
		return &array{kind: k, b: bytes.Clone(raw)}, nil
	}
	items, err := iterable(v)
	if err != nil {
		return nil, err
	}
	a := &array{kind: k, b: make([]byte, len(items)*k.size)}
	for i, x := range items {
		if err := k.put(a.b[i*k.size:][:k.size], x); err != nil {
			return nil, err
		}
	}
	return a, nil
}

var arrayClassOf = &class{
	name:    "array.array",
	exposed: []string{"__len__", "__getitem__", "__setitem__"},
	methods: map[string]method{
		"__len__":     slot("__len__", 0, func(a *array, _ *call, _ []any) (any, error) { return int64(a.len()), nil }),
		"__getitem__": slot("__getitem__", 1, (*array).getItem),
		"__setitem__": slot("__setitem__", 2, (*array).setItem),
	},
	repr: func(self any) string {
		a := self.(*array)
		items := a.iter()
		code := pickle.Repr(a.kind.code)
		switch {
		case len(items) == 0:
			return "array(" + code + ")"
		case a.kind.chars:
			return "array(" + code + ", " + pickle.Repr(a.text()) + ")"
		}
		return "array(" + code + ", " + pickle.Repr(&pickle.List{Items: items}) + ")"
	},
	value: func(self any) (any, error) { return self.(*array).object(), nil },
}

// count is how many items there are. The caller has the lock.
func (a *array) count() int { return len(a.b) / a.kind.size }

// item is the place of an item. The caller has the lock.
func (a *array) item(i int) []byte { return a.b[i*a.kind.size:][:a.kind.size] }

func (a *array) len() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.count()
}

// iter is what list(a) has.
func (a *array) iter() []any {
	a.mu.Lock()
	defer a.mu.Unlock()
	items := make([]any, a.count())
	for i := range items {
		items[i] = a.kind.get(a.item(i))
	}
	return items
}

// text is what an array of characters says.
func (a *array) text() string {
	var b bytes.Buffer
	for _, c := range a.iter() {
		b.WriteString(c.(string))
	}
	return b.String()
}

func (a *array) getItem(_ *call, args []any) (any, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s, ok := asSlice(args[0])
	if !ok {
		i, err := a.place(args[0], "array index out of range")
		if err != nil {
			return nil, err
		}
		return a.kind.get(a.item(i)), nil
	}
	p, err := spanOf(s, a.count())
	if err != nil {
		return nil, err
	}
	part := make([]byte, 0, p.count*a.kind.size)
	for i := range p.count {
		part = append(part, a.item(p.at(i))...)
	}
	return arrayObject(a.kind, part), nil
}

// place returns which item an index means. The caller has the lock.
func (a *array) place(at any, outside string) (int, error) {
	if _, _, ok := integer(at); !ok {
		return 0, pickle.TypeError.New("array indices must be integers")
	}
	i, err := position(at, a.count())
	if err != nil {
		return 0, err
	}
	if i < 0 || i >= a.count() {
		return 0, pickle.IndexError.New(outside)
	}
	return i, nil
}

func (a *array) setItem(c *call, args []any) (any, error) {
	s, ok := asSlice(args[0])
	if !ok {
		a.mu.Lock()
		defer a.mu.Unlock()
		i, err := a.place(args[0], "array assignment index out of range")
		if err != nil {
			return nil, err
		}
		var item [8]byte
		if err := a.kind.put(item[:a.kind.size], args[1]); err != nil {
			return nil, err
		}
		copy(a.item(i), item[:a.kind.size])
		return nil, nil
	}
	other, err := a.operand(args[1])
	a.mu.Lock()
	defer a.mu.Unlock()
	p, bad := spanOf(s, a.count())
	if bad != nil {
		return nil, bad
	}
	if err != nil {
		return nil, err
	}
	size, n := a.kind.size, len(other)/a.kind.size
	if p.step == 1 {
		if err := room(c, int64(a.count()+n)); err != nil {
			return nil, err
		}
		a.b = slices.Replace(a.b, p.start*size, p.stop*size, other...)
		return nil, nil
	}
	if n != p.count {
		return nil, pickle.ValueError.Newf("attempt to assign array of size %d to extended slice of size %d", n, p.count)
	}
	for i := range n {
		copy(a.item(p.at(i)), other[i*size:][:size])
	}
	return nil, nil
}

// operand returns the bytes of what is assigned to a slice: an array of the
// same typecode, or a proxy of one. The caller must not change them.
func (a *array) operand(v any) ([]byte, error) {
	var o *array
	switch v := v.(type) {
	case *Ref:
		if k, ok := v.obj.self.(*array); ok {
			o = k
		}
	case *pickle.Object:
		if isArray(v) {
			var err error
			if o, err = readArray(v); err != nil {
				return nil, err
			}
		}
	}
	if o == nil {
		return nil, pickle.TypeError.Newf("can only assign array (not \"%s\") to array slice", typeName(v))
	}
	if o.kind != a.kind {
		return nil, pickle.TypeError.New("bad argument type for built-in operation")
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return bytes.Clone(o.b), nil
}
