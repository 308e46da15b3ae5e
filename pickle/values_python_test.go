package pickle

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

// What repr, str, ==, dict and < give for random values is what CPython gives,
// and the values go back to it as they came.
func TestValuesAsPython(t *testing.T) {
	for version, python := range needPythons(t) {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			count, seeds := 150, 1
			if version == "3.13" {
				seeds = 6
			}
			if s, err := strconv.Atoi(os.Getenv("CONEX_STRESS")); err == nil && s > 0 {
				count, seeds = 1000, 30*s
			}
			for seed := range seeds {
				protocol := []int{4, 0, 2, 5, 3, 1}[seed%6]
				args := []string{"testdata/values.py", "ask", strconv.Itoa(seed), strconv.Itoa(count), strconv.Itoa(protocol)}
				back := askPython(t, runPython(t, python, nil, args...), count)
				args[1] = "check"
				runPython(t, python, back, args...)
			}
		})
	}
}

// asked is a value of values.py with what CPython says of it.
type asked struct {
	Pickle          []byte
	Repr, Str, Name string
}

// related is what it says of two of them.
type related struct {
	I, J  int
	Equal any // a bool; NotImplemented is not compared
	Key   *bool
	Less  any // a bool, or the text of an error
}

func askPython(t *testing.T, data []byte, count int) []byte {
	var all struct {
		Values []asked
		Pairs  []related
	}
	if err := Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	values := make([]any, len(all.Values))
	var back [][]byte
	for i, a := range all.Values {
		v := &values[i]
		if err := Unmarshal(a.Pickle, v); err != nil {
			t.Fatalf("%s: %v", a.Repr, err)
		}
		if got := Repr(*v); got != a.Repr {
			t.Errorf("Repr is %q, want %q", got, a.Repr)
		}
		if got := Str(*v); got != a.Str {
			t.Errorf("Str is %q, want %q", got, a.Str)
		}
		if got := TypeName(*v); got != a.Name {
			t.Errorf("TypeName is %s, want %s", got, a.Name)
		}
		for n := range min(len(a.Repr)+2, 40) {
			s := ReprMax(*v, n)
			if len(s) > n || len(s) >= 3 && len(s) < len(Repr(*v)) && !strings.HasPrefix(a.Repr, strings.TrimSuffix(s, "...")) {
				t.Errorf("ReprMax of %d is %q", n, s)
			}
		}
		if i < count {
			b, err := (&Config{Protocol: 2 + i%4}).Marshal(*v)
			if err != nil {
				t.Fatalf("%s: %v", a.Repr, err)
			}
			back = append(back, b)
		}
	}
	for _, p := range all.Pairs {
		a := values[p.I]
		var b any // not the same exceptions as in a
		if err := Unmarshal(all.Values[p.J].Pickle, &b); err != nil {
			t.Fatal(err)
		}
		what := all.Values[p.I].Repr + " and " + all.Values[p.J].Repr
		if got := Equal(a, b); any(got) != p.Equal && !hasNaN(what) {
			t.Errorf("Equal(%s) is %v, want %v", what, got, p.Equal)
		}
		checkKey(t, what, a, b, p.Key)
		checkOrder(t, what, a, b, p.Less)
	}
	out, err := Marshal(back)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func checkKey(t *testing.T, what string, a, b any, want *bool) {
	switch {
	case strings.Contains(what, "Error("):
		return // equal to themselves only, and slices in them
	case strings.Contains(what, "slice("):
		return // hashable from 3.12 on, and never here
	case want == nil:
		if Hashable(a) == nil && Hashable(b) == nil {
			t.Errorf("both are hashable: %s", what)
		}
		return
	case Hashable(a) != nil || Hashable(b) != nil:
		t.Errorf("not hashable: %s", what)
		return
	}
	d := &Dict{}
	if err := d.Set(b, 1); err != nil {
		t.Error(err)
	}
	if got := d.Has(a); got != *want && !hasNaN(what) {
		t.Errorf("%s are one key: %v, want %v", what, got, *want)
	}
}

func checkOrder(t *testing.T, what string, a, b any, want any) {
	n, err := Compare(a, b)
	var got any = n < 0
	if err != nil {
		got = err.Error()
	}
	if got == want || hasNaN(what) {
		return
	}
	_, isSetA := want.(bool)
	switch text, _ := want.(string); {
	case isSetA && (setOf(a) != nil || setOf(b) != nil || strings.ContainsAny(what, "{")):
		return // subsets are no order
	case strings.HasPrefix(text, "TypeError: can't compare datetime"):
		return // another wording, up to 3.12
	case strings.Contains(text, "InvalidOperation"):
		return // NaN
	}
	t.Errorf("%s: %v, want %v", what, got, want)
}

// hasNaN reports whether a NaN is among the values: two of them are equal in
// CPython if they are one object.
func hasNaN(what string) bool { return strings.Contains(strings.ToLower(what), "nan") }
