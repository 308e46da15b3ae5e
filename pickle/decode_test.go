package pickle

import (
	"bytes"
	"errors"
	"io"
	"math"
	"math/big"
	"strings"
	"testing"
)

func load(t *testing.T, data string) any {
	t.Helper()
	var v any
	if err := Unmarshal([]byte(data), &v); err != nil {
		t.Fatalf("%q: %v", data, err)
	}
	return v
}

func dump(t *testing.T, v any) []byte {
	t.Helper()
	data, err := Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// What the opcodes give, in the words of Repr. What CPython writes is in the
// differential test; here is also what only older ones and other programs do.
func TestDecode(t *testing.T) {
	for _, c := range []struct{ data, want string }{
		{"N.", "None"},
		{"I00\n.", "False"}, {"I01\n.", "True"}, {"\x88.", "True"}, {"\x89.", "False"},
		{"I-12\n.", "-12"}, {"I+7\n.", "7"}, {"I 7\n.", "7"}, {"I007\n.", "7"},
		{"L12L\n.", "12"}, {"L12\n.", "12"},
		{"L-99999999999999999999L\n.", "-99999999999999999999"},
		{"I99999999999999999999\n.", "99999999999999999999"},
		{"K\xff.", "255"}, {"M\x00\x01.", "256"}, {"J\xff\xff\xff\xff.", "-1"},
		{"\x8a\x00.", "0"}, {"\x8a\x01\xff.", "-1"}, {"\x8a\x02\xff\x00.", "255"},
		{"\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x80.", "-9223372036854775808"},
		{"\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x80\x00.", "9223372036854775808"},
		{"\x8a\x09\x01\x00\x00\x00\x00\x00\x00\x00\x00.", "1"},
		{"\x8b\x02\x00\x00\x00\x00\xff.", "-256"},
		{"F1.5\n.", "1.5"}, {"F1e400\n.", "inf"}, {"F-inf\n.", "-inf"}, {"Fnan\n.", "nan"}, {"F1\n.", "1.0"},
		{"G?\xf8\x00\x00\x00\x00\x00\x00.", "1.5"},
		{"V\\u20ac\\U0001f600\xe9\\n\n.", `'€😀é\\n'`},
		{"V\\\\u0041\n.", `'\\\\u0041'`},
		{"V\\ud83d\\ude00\n.", `'\ud83d\ude00'`},
		{"V\\\n.", `'\\'`},
		{"X\x03\x00\x00\x00\xed\xa0\x80.", `'\ud800'`},
		{"\x8d\x01\x00\x00\x00\x00\x00\x00\x00x.", "'x'"},
		{"S'a\\x41\\101\\n\\\\\\'\\q'\n.", `"aAA\n\\'\\q"`},
		{"S\"\\7\\08\"\n.", `'\x07\x008'`},
		{"S'\\xe9'\n.", `b'\xe9'`},
		{"U\x01x.", "'x'"}, {"T\x02\x00\x00\x00\xff\x00.", `b'\xff\x00'`},
		{"C\x01\xff.", `b'\xff'`}, {"B\x00\x00\x00\x00.", "b''"},
		{"\x8e\x01\x00\x00\x00\x00\x00\x00\x00x.", "b'x'"},
		{"\x80\x05\x96\x01\x00\x00\x00\x00\x00\x00\x00x.", "bytearray(b'x')"},
		{"(t.", "()"}, {").", "()"}, {"(I1\nt.", "(1,)"}, {"NNN\x87.", "(None, None, None)"},
		{"(l.", "[]"}, {"(I1\nI2\nl.", "[1, 2]"}, {"]I1\na.", "[1]"}, {"](I1\nI2\ne.", "[1, 2]"}, {"](e.", "[]"},
		{"(d.", "{}"}, {"(I1\nI2\nd.", "{1: 2}"}, {"}I1\nI2\ns.", "{1: 2}"}, {"}(I1\nI2\nI1\nI3\nu.", "{1: 3}"}, {"}(u.", "{}"},
		{"\x8f.", "set()"}, {"\x8f(K\x01K\x01\x90.", "{1}"}, {"(K\x01\x91.", "frozenset({1})"},
		{"NI1\n0.", "None"}, {"N(I1\nI2\n1.", "None"}, {"N(0.", "None"}, {"I12\x0a2\x86.", "(12, 12)"},
		{"I1\np7\n0g7\n.", "1"}, {"I1\nq\x070h\x07.", "1"}, {"I1\nr\x07\x01\x00\x000j\x07\x01\x00\x00.", "1"},
		{"I1\nq\x05I2\n\x94\x86\x940h\x01h\x02\x86.", "(2, (1, 2))"}, // MEMOIZE counts entries
		{"I1\nq\x00I2\nq\x000h\x00\x86.", "(1, 2)"},
		{"c__builtin__\nxrange\n(I3\ntR.", "range(0, 3)"},
		{"\x80\x03cbuiltins\nrange\nK\x01K\x09K\x02\x87R.", "range(1, 9, 2)"},
		{"cbuiltins\nslice\nNK\x01\x86R.", "slice(None, 1, None)"},
		{"cbuiltins\ncomplex\nG?\xf8\x00\x00\x00\x00\x00\x00I2\n\x86R.", "(1.5+2j)"},
		{"cbuiltins\nset\n((I1\nltR.", "{1}"}, {"cbuiltins\nfrozenset\n((I1\nttR.", "frozenset({1})"},
		{"cbuiltins\nlist\n(\x8f(K\x01\x90tR.", "[1]"}, {"cbuiltins\ntuple\n((K\x01\x91tR.", "(1,)"},
		{"cbuiltins\ndict\n((lI1\nI2\n\x86atR.", "{1: 2}"}, {"cbuiltins\ndict\n(}I1\nNstR.", "{1: None}"},
		{"cbuiltins\ndict\n)R.", "{}"},
		{"cbuiltins\nbytes\n)R.", "b''"}, {"cbuiltins\nbytearray\n(V\xe9\nVlatin-1\ntR.", `bytearray(b'\xe9')`},
		{"c_codecs\nencode\n(V\xe9\nVlatin1\ntR.", `b'\xe9'`},
		{"cbuiltins\nEllipsis\n.", "Ellipsis"}, {"c__builtin__\nNotImplemented\n.", "NotImplemented"},
		{"cexceptions\nKeyError\n(I1\ntR.", "KeyError(1)"},
		{"cqueue\nEmpty\n)R.", "_queue.Empty()"},
		{"cmultiprocessing\nTimeoutError\n)R.", "multiprocessing.context.TimeoutError()"},
		{"ccopy_reg\n__newobj__\n(cm\nC\nI1\ntR.", ""},
		{"(I1\nim\nC\n.", ""}, {"(cm\nC\nI1\no.", ""},
		{"N.trailing", "None"},
	} {
		v := load(t, c.data)
		if got := Repr(v); c.want != "" && got != c.want && !strings.HasSuffix(c.want, "."+got) {
			t.Errorf("%q: %s, want %s", c.data, got, c.want)
		}
	}
}

// The parts of the instances of classes that are not known.
func TestDecodeObject(t *testing.T) {
	class := Global{"m", "C"}
	for _, c := range []struct {
		data string
		want Object
	}{
		{"cm\nC\nK\x01\x85R.", Object{Class: class, Args: Tuple{int64(1)}}},
		{"cm\nC\nK\x01\x85\x81.", Object{Make: NewObj, Class: class, Args: Tuple{int64(1)}}},
		{"(im\nC\n.", Object{Make: NewObj, Class: class}},
		{"(K\x01im\nC\n.", Object{Class: class, Args: Tuple{int64(1)}}},
		{"(cm\nC\no.", Object{Make: NewObj, Class: class}},
		{"(cm\nC\nK\x01o.", Object{Class: class, Args: Tuple{int64(1)}}},
		{"cm\nC\n)}\x92.", Object{Make: NewObjEx, Class: class, Kwds: NewDict()}},
		{"ccopyreg\n__newobj__\n(cm\nC\nK\x01tR.", Object{Make: NewObj, Class: class, Args: Tuple{int64(1)}}},
		{"ccopyreg\n__newobj_ex__\n(cm\nC\n)}tR.", Object{Make: NewObjEx, Class: class, Kwds: NewDict()}},
		{"ccopy_reg\n_reconstructor\n(cm\nC\nc__builtin__\nobject\nNtR.", Object{Make: Bare, Class: class}},
		{"cm\nC\n)R(K\x01e(K\x02K\x03uK\x04b.", Object{Class: class, Items: []any{int64(1)},
			Pairs: []Pair{{int64(2), int64(3)}}, State: int64(4), HasState: true}},
		{"cm\nC\n)RNb.", Object{Class: class, HasState: true}},
		{"cm\nC\n)R\x94cm\nset\nh\x00K\x01\x86R0.", Object{Class: class, State: int64(1), HasState: true, Setter: Global{"m", "set"}}},
		{"cbuiltins\nslice\n(Va\nNNtR.", Object{Class: Global{"builtins", "slice"}, Args: Tuple{"a", nil, nil}}},
		{"cbuiltins\nlist\n(Vab\ntR.", Object{Class: Global{"builtins", "list"}, Args: Tuple{"ab"}}},
	} {
		got, ok := load(t, c.data).(*Object)
		if !ok {
			t.Errorf("%q is no Object", c.data)
			continue
		}
		if !Equal(got, &c.want) || got.Make != c.want.Make || got.Setter != c.want.Setter {
			t.Errorf("%q: %+v, want %+v", c.data, *got, c.want)
		}
	}
	if g := load(t, "cbuiltins\ngetattr\n(cbuiltins\ngetattr\n(cm\nA\nVB\ntRVC\ntR."); g != (Global{"m", "A.B.C"}) {
		t.Errorf("a class inside a class is %v", g)
	}
}

// What is one value in a pickle is one here.
func TestDecodeIdentity(t *testing.T) {
	l := load(t, "]\x94(]\x94h\x01h\x00e.").(*List)
	if l.Items[0] != l.Items[1] || l.Items[2] != any(l) {
		t.Error("a list that is there twice, and the list itself")
	}
	d := load(t, "}\x94K\x01h\x00s.").(*Dict)
	if v, _ := d.Get(1); v != any(d) {
		t.Error("a dict in itself")
	}
	tu := load(t, "]\x94h\x00\x85\x94a0h\x01.").(Tuple)
	if inner := tu[0].(*List).Items[0].(Tuple); &inner[0] != &tu[0] {
		t.Error("a tuple in itself")
	}
	o := load(t, "cm\nC\n)\x81\x94}X\x01\x00\x00\x00xh\x00sb.").(*Object)
	if v, _ := o.State.(*Dict).Get("x"); v != any(o) {
		t.Error("an Object in its state")
	}
	x := load(t, "cbuiltins\nKeyError\n)R\x94}X\x01\x00\x00\x00xh\x00sb.").(*Exception)
	if v, _ := x.State.(*Dict).Get("x"); v != any(x) {
		t.Error("an Exception in its state")
	}
	u := load(t, "\x80\x04(cuuid\nUUID\n)\x81\x94}X\x03\x00\x00\x00intK\x05sbh\x00t.").(Tuple)
	if u[0] != u[1] {
		t.Errorf("a UUID that is there twice: %v", u)
	}
}

// Where an error is, and what it says.
func TestDecodeError(t *testing.T) {
	for _, c := range []struct{ data, want string }{
		{"\x80\x04K\x01K", "pickle: at offset 4 (BININT1): unexpected EOF"},
		{"", "pickle: at offset 0: unexpected EOF"},
		{"N\xff.", "pickle: at offset 1: 0xff is no opcode"},
		{"]N}s.", "pickle: at offset 3 (SETITEM): no item can be set in a value of type list"},
		{"}]Ns.", "pickle: at offset 3 (SETITEM): TypeError: unhashable type: 'list'"},
		{"h\x07.", "pickle: at offset 0 (BINGET): there is no memo entry 7"},
		{"NK\x01)R.", "pickle: at offset 4 (REDUCE): a value of type int cannot be called"},
	} {
		for name, decode := range map[string]func(any) error{
			"slice":  func(v any) error { return Unmarshal([]byte(c.data), v) },
			"stream": func(v any) error { return NewDecoder(strings.NewReader(c.data)).Decode(v) },
		} {
			var v any
			err := decode(&v)
			if name == "stream" && c.data == "" {
				if err != io.EOF {
					t.Errorf("an empty stream: %v", err)
				}
			} else if err == nil || err.Error() != c.want {
				t.Errorf("%s of %q:\n%v, want\n%s", name, c.data, err, c.want)
			}
		}
	}
	var e *DecodeError
	err := Unmarshal([]byte("NN"), new(any))
	if !errors.As(err, &e) || e.Offset != 2 || e.Op != "" || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%#v", e)
	}
	var x *Exception
	if err := Unmarshal([]byte("}]Ns."), new(any)); !errors.As(err, &x) || !errors.Is(err, TypeError) {
		t.Errorf("%v does not wrap the TypeError", err)
	}
}

// Each limit holds to the very number.
func TestDecodeLimits(t *testing.T) {
	nested := func(n int) string { return strings.Repeat("]", n) + strings.Repeat("a", n-1) + "." }
	for _, c := range []struct {
		limit string
		c     Config
		fits  string
		over  string
	}{
		{"MaxBytes", Config{MaxBytes: 4}, "K\x01K\x02.", "K\x01K\x02\x86."},
		{"MaxBytes", Config{MaxBytes: 5}, "C\x02ab.", "C\x03abc."},
		{"MaxBytes", Config{MaxBytes: 5}, "Vab\n.", "Vabc\n."},
		{"MaxDepth", Config{MaxDepth: 10}, nested(11), nested(12)},
		{"MaxMemo", Config{MaxMemo: 2}, "N\x94\x94.", "N\x94\x94\x94."},
		{"MaxMemo", Config{MaxMemo: 2}, "Np5\np9\n.", "Np5\np9\np6\n."},
		{"MaxItems", Config{MaxItems: 3}, "NN\x86.", "NNN\x87."},
	} {
		if c.limit == "MaxBytes" {
			c.c.MaxBytes = int64(len(c.fits))
		}
		var v any
		if err := c.c.Unmarshal([]byte(c.fits), &v); err != nil {
			t.Errorf("%s: %q: %v", c.limit, c.fits, err)
		}
		if err := c.c.Unmarshal([]byte(c.fits+strings.Repeat("x", 100)), &v); err != nil {
			t.Errorf("%s: %q and what follows it: %v", c.limit, c.fits, err)
		}
		var e *LimitError
		if err := c.c.Unmarshal([]byte(c.over), &v); !errors.As(err, &e) || e.Limit != c.limit {
			t.Errorf("%s: %q: error %v", c.limit, c.over, err)
		}
		err := c.c.NewDecoder(strings.NewReader(c.over)).Decode(&v)
		if !errors.As(err, &e) || e.Limit != c.limit {
			t.Errorf("%s: stream of %q: error %v", c.limit, c.over, err)
		}
	}
}

func TestUnmarshalTarget(t *testing.T) {
	var p *any
	for _, v := range []any{nil, 1, p, (*int)(nil)} {
		var e *UnmarshalTargetError
		if err := Unmarshal([]byte("N."), v); !errors.As(err, &e) {
			t.Errorf("into a %T: %v", v, err)
		}
	}
}

// With NoCopy bytes are those of the data, without it they are not, and in no
// case can appending to them write into it.
func TestNoCopy(t *testing.T) {
	data := []byte("C\x03abcC\x01d\x86.")
	for _, noCopy := range []bool{false, true} {
		data[2] = 'a'
		var v any
		c := Config{NoCopy: noCopy}
		if err := c.Unmarshal(data, &v); err != nil {
			t.Fatal(err)
		}
		b := v.(Tuple)[0].([]byte)
		data[2] = 'x'
		if same := b[0] == 'x'; same != noCopy {
			t.Errorf("NoCopy %v, and the bytes are shared: %v", noCopy, same)
		}
		_ = append(b, 'y')
		if !bytes.Contains(data, []byte("abcC")[1:]) {
			t.Error("appending has changed the data")
		}
	}
}

// Short strings are not made again and again, and are those that are meant.
func TestWords(t *testing.T) {
	for range 3 {
		for i := range 2000 {
			want := strings.Repeat(string(rune('a'+i%26)), i%30) + big.NewInt(int64(i)).String()
			data := append([]byte{opShortBinUnicode, byte(len(want))}, want...)
			if got := load(t, string(append(data, '.'))); got != want {
				t.Fatalf("%q, want %q", got, want)
			}
		}
	}
}

func TestFloats(t *testing.T) {
	for _, f := range []float64{0, math.Copysign(0, -1), 1e16, 0.1, 5e-324, math.MaxFloat64, math.Inf(-1)} {
		for _, c := range []Config{{Protocol: Protocol0}, {}} {
			data, err := c.Marshal(f)
			if err != nil {
				t.Fatal(err)
			}
			if got := load(t, string(data)); math.Float64bits(got.(float64)) != math.Float64bits(f) {
				t.Errorf("%v became %v", f, got)
			}
		}
	}
}
