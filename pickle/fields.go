package pickle

import (
	"reflect"
	"slices"
	"strings"
	"sync"
)

// What a struct is in Python: a dict of its fields, or the attributes of an
// instance. Reading and writing look here for names and order.

// A field is a field of a struct that takes part in pickles.
type field struct {
	name      string // in Python
	goName    string
	index     []int // as reflect has it: the path through embedded structs
	typ       reflect.Type
	tagged    bool
	omitEmpty bool
	opcodes   []byte // of the name, from protocol 4 on; nil for one that the memo wants
}

// A structInfo is what is to be known of a struct type.
type structInfo struct {
	fields []field
	exact  map[string]int // by name
	folded map[string]int // by fold(name), if only one field has it
}

var structInfos sync.Map // of *structInfo by reflect.Type

// infoOf returns the fields of a struct type, by Go's rules for embedded
// structs: the least nested field of a name counts; among several of them the
// one that has a tag; and if that leaves more than one, none.
func infoOf(t reflect.Type) *structInfo {
	if info, ok := structInfos.Load(t); ok {
		return info.(*structInfo)
	}
	info, _ := structInfos.LoadOrStore(t, collect(t))
	return info.(*structInfo)
}

// collect goes through the levels of embedding, the outermost first.
func collect(t reflect.Type) *structInfo {
	type level struct {
		t     reflect.Type
		index []int
	}
	byName := make(map[string][]field)
	var names []string
	next := []level{{t, nil}}
	seen := map[reflect.Type]bool{t: true}
	for len(next) > 0 {
		this := next
		next = nil
		found := make(map[string][]field)
		for _, l := range this {
			for i := range l.t.NumField() {
				sf := l.t.Field(i)
				f, inner, ok := fieldOf(sf)
				if !ok {
					continue
				}
				f.index = append(slices.Clone(l.index), i)
				if inner != nil {
					if !seen[inner] {
						next = append(next, level{inner, f.index})
					}
					continue
				}
				if found[f.name] == nil && byName[f.name] == nil {
					names = append(names, f.name)
				}
				found[f.name] = append(found[f.name], f)
			}
		}
		for _, l := range next {
			seen[l.t] = true
		}
		for name, fs := range found {
			if byName[name] == nil {
				byName[name] = fs
			}
		}
	}
	info := &structInfo{exact: make(map[string]int), folded: make(map[string]int)}
	for _, name := range names {
		if f, ok := dominant(byName[name]); ok {
			info.fields = append(info.fields, f)
		}
	}
	slices.SortStableFunc(info.fields, func(a, b field) int { return slices.Compare(a.index, b.index) })
	for i, f := range info.fields {
		if len(f.name) < shortest {
			info.fields[i].opcodes = append([]byte{opShortBinUnicode, byte(len(f.name))}, f.name...)
		}
		info.exact[f.name] = i
		if _, twice := info.folded[fold(f.name)]; twice {
			i = -1
		}
		info.folded[fold(f.name)] = i
	}
	return info
}

// fieldOf reads the tag of a field. For an embedded struct without a name it
// returns the type whose fields stand in its place.
func fieldOf(sf reflect.StructField) (f field, inner reflect.Type, ok bool) {
	tag := sf.Tag.Get("pickle")
	if tag == "-" {
		return f, nil, false
	}
	name, options, _ := strings.Cut(tag, ",")
	f = field{name: name, goName: sf.Name, typ: sf.Type, tagged: name != ""}
	for option := range strings.SplitSeq(options, ",") {
		f.omitEmpty = f.omitEmpty || option == "omitempty"
	}
	if sf.Anonymous && name == "" {
		t := sf.Type
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if t.Kind() == reflect.Struct && !opaque(t) {
			// A pointer to a type that is not exported cannot be set.
			return f, t, sf.IsExported() || sf.Type.Kind() == reflect.Struct
		}
	}
	if !sf.IsExported() {
		return f, nil, false
	}
	if name == "" {
		f.name = sf.Name
	}
	return f, nil, true
}

// dominant picks one of the fields of a name on one level.
func dominant(fs []field) (field, bool) {
	if len(fs) == 1 {
		return fs[0], true
	}
	var best field
	n := 0
	for _, f := range fs {
		if f.tagged {
			best = f
			n++
		}
	}
	return best, n == 1
}

// fold makes names equal that differ in the customs of the two languages only:
// user_id, userId and UserID.
func fold(name string) string {
	return strings.ToLower(strings.ReplaceAll(name, "_", ""))
}

// find returns the number of the field for a key, or -1. The key is expected to
// be that of field number guess.
func (info *structInfo) find(name string, guess int) (i int, exact bool) {
	if guess < len(info.fields) && info.fields[guess].name == name {
		return guess, true
	}
	if i, ok := info.exact[name]; ok {
		return i, true
	}
	if i, ok := info.folded[fold(name)]; ok {
		return i, false
	}
	return -1, false
}

// fieldAt returns a field to read; ok is false if it is in a nil pointer.
func fieldAt(v reflect.Value, f *field) (reflect.Value, bool) {
	if len(f.index) == 1 {
		return v.Field(f.index[0]), true
	}
	for i, n := range f.index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return v, false
			}
			v = v.Elem()
		}
		v = v.Field(n)
	}
	return v, true
}
