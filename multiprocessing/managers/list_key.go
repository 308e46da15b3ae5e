package managers

import (
	"math"
	"math/big"
	"strings"
	"unicode/utf8"

	"github.com/conexgo/conex/pickle"
)

// keyFunc returns the function that sort's key is. A pickle has no more than
// its name, and this server runs no Python: so these are the ones it knows.
func keyFunc(v any) (func(any) (any, error), error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case pickle.Global:
		if f := sortKeys[v]; f != nil {
			return f, nil
		}
		return nil, noKey(v.String())
	case *pickle.Object:
		g, _ := v.Class.(pickle.Global)
		switch {
		case g == builtin("getattr") && len(v.Args) == 2 && v.Args[0] == any(builtin("str")):
			name, _ := v.Args[1].(string)
			if f := strKeys[name]; f != nil {
				return f, nil
			}
			return nil, noKey("str." + name)
		case g == pickle.Global{Module: "operator", Name: "itemgetter"} && len(v.Args) > 0:
			return itemGetter(v.Args), nil
		}
		return nil, noKey(v.Name())
	}
	if r, ok := v.(*Ref); ok {
		return nil, noKey(r.className())
	}
	return func(any) (any, error) {
		return nil, pickle.TypeError.Newf("'%s' object is not callable", pickle.TypeName(v))
	}, nil
}

func noKey(name string) error {
	return pickle.TypeError.Newf("sort(): this server cannot run %s: it knows abs, bool, float, int, len, "+
		"repr, str, str.casefold, str.lower, str.upper and operator.itemgetter as keys", name)
}

var sortKeys = map[pickle.Global]func(any) (any, error){
	builtin("abs"):   absOf,
	builtin("bool"):  func(v any) (any, error) { return truth(v), nil },
	builtin("float"): floatOf,
	builtin("int"):   intOf,
	builtin("len"):   lenOf,
	builtin("repr"):  func(v any) (any, error) { return pickle.Repr(v), nil },
	builtin("str"):   func(v any) (any, error) { return pickle.Str(v), nil },
}

var strKeys = map[string]func(any) (any, error){
	"casefold": strKey("casefold", foldCase),
	"lower":    strKey("lower", strings.ToLower),
	"upper":    strKey("upper", func(s string) string { return strings.ReplaceAll(strings.ToUpper(s), "ß", "SS") }),
}

// foldCase is str.casefold. Of the letters that Python makes two of only the
// German one is known here; the others are ligatures and the like.
func foldCase(s string) string {
	return strings.ReplaceAll(strings.ToLower(strings.ToUpper(s)), "ß", "ss")
}

func strKey(name string, f func(string) string) func(any) (any, error) {
	return func(v any) (any, error) {
		s, ok := v.(string)
		if !ok {
			return nil, pickle.TypeError.Newf("descriptor '%s' for 'str' objects doesn't apply to a '%s' object", name, typeName(v))
		}
		if !utf8.ValidString(s) { // with lone surrogates, which have no case
			return s, nil
		}
		return f(s), nil
	}
}

func lenOf(v any) (any, error) {
	switch v.(type) {
	case string, []byte, pickle.Tuple, pickle.Range, *pickle.List, *pickle.Dict, *pickle.Set, *pickle.FrozenSet, *pickle.ByteArray:
		if b, ok := v.([]byte); ok {
			return int64(len(b)), nil
		}
		items, err := iterable(v)
		return int64(len(items)), err
	}
	return nil, pickle.TypeError.Newf("object of type '%s' has no len()", typeName(v))
}

func absOf(v any) (any, error) {
	switch v := v.(type) {
	case float64:
		return math.Abs(v), nil
	case complex128:
		return math.Hypot(real(v), imag(v)), nil
	}
	if n := bigOf(v); n != nil {
		return plainInt(n.Abs(n)), nil
	}
	return nil, pickle.TypeError.Newf("bad operand type for abs(): '%s'", typeName(v))
}

// plainInt returns a number as the values of Python are.
func plainInt(n *big.Int) any {
	if n.IsInt64() {
		return n.Int64()
	}
	return n
}

func intOf(v any) (any, error) {
	switch v := v.(type) {
	case float64:
		if math.IsNaN(v) {
			return nil, pickle.ValueError.New("cannot convert float NaN to integer")
		}
		if math.IsInf(v, 0) {
			return nil, pickle.OverflowError.New("cannot convert float infinity to integer")
		}
		n, _ := big.NewFloat(v).Int(nil)
		return plainInt(n), nil
	case string:
		if n, ok := new(big.Int).SetString(strings.TrimSpace(v), 10); ok && len(v) <= 4300 {
			return plainInt(n), nil
		}
		return nil, pickle.ValueError.Newf("invalid literal for int() with base 10: %s", pickle.ReprMax(v, 200))
	}
	if n := bigOf(v); n != nil {
		return plainInt(n), nil
	}
	return nil, pickle.TypeError.Newf("int() argument must be a string, a bytes-like object or a real number, not '%s'", typeName(v))
}

func floatOf(v any) (any, error) {
	switch v := v.(type) {
	case float64:
		return v, nil
	case string:
		s := strings.TrimSpace(v)
		if f, _, err := big.ParseFloat(s, 10, 64, big.ToNearestEven); err == nil && !strings.ContainsAny(s, "pPxX") {
			x, _ := f.Float64()
			return x, nil
		}
		return nil, pickle.ValueError.Newf("could not convert string to float: %s", pickle.ReprMax(v, 200))
	}
	if n := bigOf(v); n != nil {
		f, _ := new(big.Float).SetInt(n).Float64()
		if math.IsInf(f, 0) {
			return nil, pickle.OverflowError.New("int too large to convert to float")
		}
		return f, nil
	}
	return nil, pickle.TypeError.Newf("float() argument must be a string or a real number, not '%s'", typeName(v))
}

// itemGetter is operator.itemgetter.
func itemGetter(at pickle.Tuple) func(any) (any, error) {
	return func(v any) (any, error) {
		parts := make(pickle.Tuple, len(at))
		for i, k := range at {
			var err error
			if parts[i], err = itemOf(v, k); err != nil {
				return nil, err
			}
		}
		if len(parts) == 1 {
			return parts[0], nil
		}
		return parts, nil
	}
}

func itemOf(v, at any) (any, error) {
	var items []any
	name := typeName(v)
	wrong := name + " indices must be integers or slices, not " + typeName(at)
	switch v := v.(type) {
	case *pickle.Dict:
		x, ok := v.Get(at)
		if !ok {
			return nil, pickle.KeyError.New(at)
		}
		return x, nil
	case *pickle.List:
		items = v.Items
	case pickle.Tuple:
		items = v
	case string:
		items, name = characters(v), "string"
		wrong = "string indices must be integers, not '" + typeName(at) + "'"
	case []byte:
		items = byteInts(v)
		wrong = "byte indices must be integers or slices, not " + typeName(at)
	default:
		return nil, pickle.TypeError.Newf("'%s' object is not subscriptable", name)
	}
	if _, _, ok := integer(at); !ok {
		return nil, pickle.TypeError.New(wrong)
	}
	i, err := position(at, len(items))
	if err != nil {
		return nil, err
	}
	if i < 0 || i >= len(items) {
		return nil, pickle.IndexError.New(strings.TrimPrefix(name+" index out of range", "bytes "))
	}
	return items[i], nil
}
