package pickle

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"
	"unsafe"
)

// What is written, byte by byte. In protocol 4 it is what CPython writes but
// for MEMOIZE after short strings, which nobody will refer to.
func TestEncode(t *testing.T) {
	for _, c := range []struct {
		v        any
		protocol int
		want     string
	}{
		{nil, 4, "\x80\x04N."},
		{true, 4, "\x80\x04\x88."}, {false, 1, "I00\n."},
		{1, 4, "\x80\x04K\x01."}, {int8(-1), 4, "\x80\x04\x95\x06\x00\x00\x00\x00\x00\x00\x00J\xff\xff\xff\xff."},
		{uint16(256), 2, "\x80\x02M\x00\x01."},
		{int64(1) << 31, 2, "\x80\x02\x8a\x05\x00\x00\x00\x80\x00."},
		{int64(math.MinInt64), 2, "\x80\x02\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x80."},
		{int64(-1) << 39, 2, "\x80\x02\x8a\x05\x00\x00\x00\x00\x80."},
		{uint64(math.MaxUint64), 2, "\x80\x02\x8a\x09\xff\xff\xff\xff\xff\xff\xff\xff\x00."},
		{big.NewInt(7), 2, "\x80\x02K\x07."},
		{new(big.Int).Lsh(big.NewInt(-1), 64), 2, "\x80\x02\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\xff."},
		{new(big.Int).Lsh(big.NewInt(-1), 71), 2, "\x80\x02\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x80."},
		{int64(1) << 40, 0, "L1099511627776L\n."}, {-5, 0, "I-5\n."},
		{1.5, 0, "F1.5\n."}, {math.Inf(1), 0, "Finf\n."}, {float32(0.5), 1, "G?\xe0\x00\x00\x00\x00\x00\x00."},
		{"a\\\n\r\x00\x1aé", 0, "Va\\u005c\\u000a\\u000d\\u0000\\u001a\xe9\n."},
		{"€😀\xed\xa0\x80", 0, "V\\u20ac\\U0001f600\\ud800\n."},
		{"x", 3, "\x80\x03X\x01\x00\x00\x00x."},
		{[]byte("x"), 3, "\x80\x03C\x01x."}, {[]byte(nil), 3, "\x80\x03C\x00."},
		{[]byte("\xff"), 2, "\x80\x02c_codecs\nencode\nq\x00X\x02\x00\x00\x00\xc3\xbfX\x06\x00\x00\x00latin1\x86R."},
		{[]byte{}, 0, "c__builtin__\nbytes\np0\n(tR."},
		{Tuple{}, 0, "(t."}, {Tuple(nil), 1, ")."}, {Tuple{1}, 1, "(K\x01tq\x00."}, {Tuple{1}, 2, "\x80\x02K\x01\x85q\x00."},
		{NewList(), 0, "(lp0\n."}, {NewList(1), 2, "\x80\x02]q\x00K\x01a."}, {NewList(1, 2), 2, "\x80\x02]q\x00(K\x01K\x02e."},
		{NewDict(Pair{1, 2}), 0, "(dp0\nI1\nI2\ns."},
		{(*List)(nil), 4, "\x80\x04N."}, {(*Object)(nil), 4, "\x80\x04N."},
		{Ellipsis, 3, "\x80\x03cbuiltins\nEllipsis\nq\x00."},
		{Global{"m", "A.B"}, 3, "\x80\x03cbuiltins\ngetattr\nq\x00cm\nA\nq\x01X\x01\x00\x00\x00B\x86Rq\x02."},
		{ValueError, 2, "\x80\x02cexceptions\nValueError\nq\x00."},
		{&Object{Make: NewObj, Class: Global{"m", "C"}}, 1, "ccopy_reg\n__newobj__\nq\x00(cm\nC\nq\x01tRq\x02."},
		{Tuple{"#RETURN", nil}, 4, "\x80\x04\x95\x0d\x00\x00\x00\x00\x00\x00\x00\x8c\x07#RETURNN\x86\x94."},
	} {
		cfg := Config{Protocol: c.protocol}
		if c.protocol == 0 {
			cfg.Protocol = Protocol0
		}
		got, err := cfg.Marshal(c.v)
		if err != nil || string(got) != c.want {
			t.Errorf("%s in protocol %d: %v\n%q, want\n%q", Repr(c.v), c.protocol, err, got, c.want)
		}
	}
}

// What is one value here is one in the pickle, whatever it is.
func TestEncodeIdentity(t *testing.T) {
	long, raw := strings.Repeat("x", 100), bytes.Repeat([]byte("y"), 100)
	huge := new(big.Int).Lsh(big.NewInt(1), 1000)
	frozen, _ := NewFrozenSet(1)
	for _, v := range []any{
		long, raw, huge, NewList(1), NewDict(), NewSet(1), frozen, &ByteArray{[]byte("z")}, Tuple{1},
		&Object{Class: Global{"m", "C"}}, KeyError.New(1),
	} {
		for protocol := Protocol0; protocol <= highestProtocol; protocol++ {
			c := Config{Protocol: protocol}
			data, err := c.Marshal(NewList(v, v))
			if err != nil {
				t.Fatal(err)
			}
			one, _ := c.Marshal(NewList(v))
			if len(data) > len(one)+7 {
				t.Errorf("protocol %d: %s is written twice: %q", protocol, TypeName(v), data)
			}
			l := load(t, string(data)).(*List)
			if a, b := l.Items[0], l.Items[1]; identOf(a) != identOf(b) || TypeName(a) != TypeName(v) {
				t.Errorf("protocol %d: a %s became two, or a %s", protocol, TypeName(v), TypeName(a))
			}
		}
	}
	// A tuple and a shorter one of the same items, bytes and a string in the
	// same memory: they are two.
	all := Tuple{1, 2, 3}
	text := unsafe.String(&raw[0], len(raw))
	l := load(t, string(dump(t, NewList(all, all[:2], raw, text)))).(*List)
	if got := Repr(NewList(l.Items[:2]...)); got != "[(1, 2, 3), (1, 2)]" {
		t.Error(got)
	}
	if TypeName(l.Items[2]) != "bytes" || TypeName(l.Items[3]) != "str" {
		t.Error("bytes and a string in the same memory became one")
	}
}

// Values that contain themselves keep that shape, in all protocols.
func TestEncodeRecursive(t *testing.T) {
	list := NewList(1)
	list.Items = append(list.Items, list)
	dict := NewDict()
	_ = dict.Set("self", NewList(dict))
	tuple := Tuple{NewList()}
	tuple[0].(*List).Items = []any{tuple}
	four := Tuple{1, 2, 3, NewList()}
	four[3].(*List).Items = []any{four}
	state := &Object{Make: NewObj, Class: Global{"m", "C"}, HasState: true}
	state.State = NewDict(Pair{"self", state})
	args := &Object{Class: Global{"m", "C"}, Args: Tuple{NewList()}}
	args.Args[0].(*List).Items = []any{args}
	set := NewSet()
	_ = set.Add(&Object{Make: NewObj, Class: Global{"m", "C"}, State: NewList(set), HasState: true})
	inner := &Object{Make: NewObj, Class: Global{"m", "C"}, State: NewList(), HasState: true}
	frozen, _ := NewFrozenSet(inner)
	inner.State.(*List).Items = []any{frozen}
	err := ValueError.New(NewList())
	err.Args[0].(*List).Items = []any{err}
	for name, v := range map[string]any{"list": list, "dict": dict, "tuple": tuple, "tuple of 4": four,
		"state": state, "args": args, "set": set, "frozenset": frozen, "exception": err} {
		for protocol := Protocol0; protocol <= highestProtocol; protocol++ {
			c := Config{Protocol: protocol}
			data, err := c.Marshal(v)
			if err != nil {
				t.Errorf("%s, protocol %d: %v", name, protocol, err)
				continue
			}
			// The same shape gives the same bytes again.
			again, err := c.Marshal(load(t, string(data)))
			if err != nil || !bytes.Equal(data, again) {
				t.Errorf("%s, protocol %d: %v\n%q became\n%q", name, protocol, err, data, again)
			}
		}
	}
}

func TestEncodeError(t *testing.T) {
	loop := Tuple{nil}
	loop[0] = loop // which Python could not have
	deep := NewList()
	for range 200_000 {
		deep = NewList(deep)
	}
	for _, c := range []struct {
		v    any
		want string
	}{
		{"\xff", "pickle: a string that is not UTF-8: for bytes use []byte"},
		{NewList(1, Tuple{"a", "\xff"}), "pickle: at [1][1]: a string that is not UTF-8: for bytes use []byte"},
		{NewDict(Pair{"k", NewDict(Pair{3, "\xff"})}), `pickle: at ["k"][3]: a string that is not UTF-8: for bytes use []byte`},
		{make(chan int), "pickle: a chan int cannot be pickled"},
		{&Object{Class: 1}, "pickle: an Object whose Class is a int: it can be a Global or another Object"},
		{&Object{Class: Global{"m", "C"}, State: "\xff", HasState: true}, "pickle: at State: a string that is not UTF-8: for bytes use []byte"},
		{&Object{Class: Global{"m", "C"}, Make: 9}, "pickle: an Object whose Make is none"},
		{Global{"m", ""}, "pickle: a Global without a module and a name in UTF-8"},
		{loop, "pickle: at offset 11: more than MaxDepth 10000; raise it in the Config if this is meant"},
		{deep, "pickle: at offset 20011: more than MaxDepth 10000; raise it in the Config if this is meant"},
	} {
		before := []byte("before")
		out, err := zero.Append(before[:6:6], c.v)
		if err == nil || err.Error() != c.want {
			t.Errorf("%v, want\n%s", err, c.want)
		}
		if string(out) != "before" {
			t.Errorf("a failed Append gives %q", out)
		}
	}
	c := Config{Protocol: 3}
	if _, err := c.Marshal(Global{"os\nsystem", "x"}); err == nil {
		t.Error("a newline in a name was written")
	}
	c.Protocol = 2
	if _, err := c.Marshal(Global{"m", "é"}); err == nil {
		t.Error("a name that is not ASCII was written in protocol 2")
	}
	for _, p := range []int{-2, 6, 100} {
		c.Protocol = p
		if _, err := c.Marshal(1); err == nil {
			t.Errorf("protocol %d was written", p)
		}
	}
}

func TestEncodeLimits(t *testing.T) {
	nested := func(n int) any {
		var v any = NewList()
		for range n {
			v = NewList(v)
		}
		return v
	}
	for _, c := range []struct {
		limit      string
		c          Config
		fits, over any
	}{
		{"MaxDepth", Config{MaxDepth: 10}, nested(9), nested(10)},
		{"MaxDepth", Config{MaxDepth: math.MaxInt32}, nested(99_999), nested(100_001)},
		{"MaxBytes", Config{MaxBytes: 8, Protocol: 3}, []byte("abc"), []byte("abcd")},
		{"MaxBytes", Config{MaxBytes: 1 << 17}, make([]byte, 1<<16), make([]byte, 1<<17)},
		{"MaxBytes", Config{MaxBytes: 1 << 17}, strings.Repeat("x", 1<<16), strings.Repeat("x", 1<<17)},
	} {
		if _, err := c.c.Marshal(c.fits); err != nil {
			t.Errorf("%s: %v", c.limit, err)
		}
		var e *LimitError
		if _, err := c.c.Marshal(c.over); !errors.As(err, &e) || e.Limit != c.limit {
			t.Errorf("%s: error %v", c.limit, err)
		}
	}
}

// Large values are outside of frames, and no frame is much larger than 64 KiB.
func TestFrames(t *testing.T) {
	l := NewList(bytes.Repeat([]byte("x"), 1<<17), strings.Repeat("y", 1<<16), &ByteArray{make([]byte, 1<<16)})
	for i := range 30000 {
		l.Items = append(l.Items, Tuple{i, "text"})
	}
	for _, protocol := range []int{4, 5} {
		c := Config{Protocol: protocol}
		data, err := c.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		frames, longest := 0, uint64(0)
		for at := 2; at < len(data); {
			switch data[at] {
			case opFrame:
				n := uint64(data[at+1]) | uint64(data[at+2])<<8 | uint64(data[at+3])<<16
				frames++
				longest = max(longest, n)
				at += frameHeader + int(n)
			case opBinBytes, opBinUnicode:
				at += 5 + (int(data[at+1]) | int(data[at+2])<<8 | int(data[at+3])<<16)
			case opByteArray8:
				at += 9 + (int(data[at+1]) | int(data[at+2])<<8 | int(data[at+3])<<16)
			case opStop, opEmptyList, opMemoize, opMark:
				at++ // less than 4 bytes are no frame
			default:
				t.Fatalf("protocol %d: %s outside of a frame:\n%s", protocol, opNames[data[at]], hex.Dump(data[max(0, at-32):at+32]))
			}
		}
		if frames < 4 || longest > frameTarget+100 {
			t.Errorf("%d frames, of %d bytes at most", frames, longest)
		}
		if !Equal(load(t, string(data)), l) {
			t.Error("it came back as something else")
		}
	}
}

// The memory that Marshal gives is nobody else's.
func TestMarshalOwns(t *testing.T) {
	a := dump(t, "first")
	b := dump(t, "other")
	if load(t, string(a)) != "first" || load(t, string(b)) != "other" {
		t.Error("two pickles share memory")
	}
	if cap(a) > 64 {
		t.Errorf("a pickle of %d bytes holds %d", len(a), cap(a))
	}
}
