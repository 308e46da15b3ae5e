package pickle

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzValue decodes its input, and looks at what comes out in all the ways
// there are.
func FuzzValue(f *testing.F) {
	dumps, _ := filepath.Glob("testdata/fuzz/*/*")
	for _, name := range dumps {
		if b, err := os.ReadFile(name); err == nil && len(b) < 4096 {
			f.Add(b)
		}
	}
	for _, group := range sameKeys {
		if b, err := Marshal(group); err == nil {
			f.Add(b)
		}
	}
	b, _ := Marshal(sample())
	f.Add(b)
	f.Fuzz(func(t *testing.T, data []byte) {
		c := &Config{MaxItems: 10_000, MaxDepth: 500}
		var v, w any
		if c.Unmarshal(data, &v) != nil || c.Unmarshal(data, &w) != nil {
			return
		}
		whole := ReprMax(v, 10_000)
		if !utf8.ValidString(whole) {
			t.Errorf("Repr is not UTF-8: %q", whole)
		}
		for _, n := range []int{0, 1, 3, 4, 20, len(whole) - 1} {
			s := ReprMax(v, n)
			if len(s) > max(n, 0) || !strings.HasPrefix(whole, strings.TrimSuffix(s, "...")) && len(s) > 3 {
				t.Errorf("ReprMax of %d is %q of %q", n, s, whole)
			}
		}
		h, err1 := hashOf(v)
		g, err2 := hashOf(w)
		same, err := equal(v, w)
		if same && err == nil && err1 == nil && err2 == nil && h != g {
			t.Errorf("equal, with other hashes: %s", whole)
		}
		Compare(v, w)
		_ = TypeName(v) + Str(ReprMax(v, 10))
		var e everything
		c.Unmarshal(data, &e)
		var tr *tree
		c.Unmarshal(data, &tr)
		var m map[string][]any
		c.Unmarshal(data, &m)
		if l, ok := v.(*List); ok {
			SortValues(l.Items, Ascending)
		}
	})
}
