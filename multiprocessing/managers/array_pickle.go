package managers

import (
	"bytes"
	"slices"

	"github.com/conexgo/conex/pickle"
)

// How Python pickles arrays: processes that have loaded its managers as
// array(typecode, bytes), others as _array_reconstructor(class, typecode,
// format, bytes), and in old protocols as array(typecode, list).
var (
	arrayClass   = pickle.Global{Module: "array", Name: "array"}
	arrayRebuild = pickle.Global{Module: "array", Name: "_array_reconstructor"}
)

func isArray(o *pickle.Object) bool {
	return o.Class == any(arrayClass) || o.Class == any(arrayRebuild)
}

// arrayObject is an array as CPython's managers pickle it.
func arrayObject(k *arrayKind, b []byte) *pickle.Object {
	return &pickle.Object{Make: pickle.Reduce, Class: arrayClass, Args: pickle.Tuple{k.code, b}}
}

// object is a copy as it is pickled.
func (a *array) object() *pickle.Object {
	a.mu.Lock()
	defer a.mu.Unlock()
	return arrayObject(a.kind, bytes.Clone(a.b))
}

// readArray makes an array of a pickled one.
func readArray(o *pickle.Object) (*array, error) {
	args := o.Args
	switch {
	case o.Class == any(arrayClass) && len(args) == 1:
		return newArray(args[0], pickle.Tuple{})
	case o.Class == any(arrayClass) && len(args) == 2:
		if inner, ok := args[1].(*pickle.Object); ok && isArray(inner) {
			break // nobody pickles such a thing, and it may be deep
		}
		return newArray(args[0], args[1])
	case o.Class == any(arrayRebuild) && len(args) == 4:
		code, _ := args[1].(string)
		format, _, ok := integer(args[2])
		raw, isBytes := args[3].([]byte)
		k := arrayKinds[code]
		if k == nil || !ok || !isBytes || format < 0 || int(format) >= len(arrayFormats) {
			break
		}
		return k.convert(arrayFormats[format], raw)
	}
	return nil, pickle.ValueError.New("not a pickled array.array")
}

// arrayFormats has the machine formats by Python's numbers: a typecode of this
// server with the same items, with bigEndian the other way round.
var arrayFormats = [...]struct {
	code      string
	bigEndian bool
}{
	{"B", false}, {"b", false},
	{"H", false}, {"H", true}, {"h", false}, {"h", true},
	{"I", false}, {"I", true}, {"i", false}, {"i", true},
	{"Q", false}, {"Q", true}, {"q", false}, {"q", true},
	{"f", false}, {"f", true}, {"d", false}, {"d", true},
	{"utf16", false}, {"utf16", true}, {"w", false}, {"w", true},
}

// convert makes an array of the kind from bytes of some machine's.
func (k *arrayKind) convert(format struct {
	code      string
	bigEndian bool
}, raw []byte) (*array, error) {
	from := arrayKinds[format.code]
	if from == nil { // UTF-16, of Windows
		from = utf16Kind
	}
	if len(raw)%from.size != 0 {
		return nil, pickle.ValueError.New("bytes length not a multiple of item size")
	}
	raw = bytes.Clone(raw)
	if format.bigEndian {
		for item := range slices.Chunk(raw, from.size) {
			slices.Reverse(item)
		}
	}
	a := &array{kind: from, b: raw}
	if from.same(k) {
		a.kind = k
		return a, nil
	}
	return newArray(k.code, &pickle.List{Items: a.iter()})
}

// same reports whether the items of two kinds are the same bytes.
func (k *arrayKind) same(o *arrayKind) bool {
	return k.size == o.size && k.signed == o.signed && k.float == o.float && k.chars == o.chars
}
