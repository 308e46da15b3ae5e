package pickle

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

// A hostile pickle is one that a peer sends in order to harm. Each is refused,
// or gives a value that does nothing: that of the name at which it would have
// been called, in want.
type hostile struct {
	name, data string
	want       any // error to match with errors.As or Is, or "carried"
}

var (
	broken    = new(*DecodeError)
	limited   = new(*LimitError)
	truncated = io.ErrUnexpectedEOF
)

const carried = "carried"

func hostiles() []hostile {
	deep := 100_000
	laughs := "\x80\x04]\x94"
	for i := range 40 {
		laughs += fmt.Sprintf("]\x94(h%ch%ce", i, i)
	}
	keys := "\x80\x04}()\x94"
	for i := range 60 {
		keys += fmt.Sprintf("h%ch%c\x86\x94", i, i)
	}
	slices := "\x80\x04cbuiltins\nslice\n\x94N\x94"
	for i := range 60 {
		slices += fmt.Sprintf("h\x00h%ch%ch%c\x87R\x94", i+1, i+1, i+1)
	}
	return []hostile{
		{"os.system, protocol 0", "cos\nsystem\n(Vecho x > MARK\ntR.", carried},
		{"posix.system, protocol 0", "cposix\nsystem\n(Vecho x > MARK\ntR.", carried},
		{"builtins.exec", "cbuiltins\nexec\n(Vopen('MARK', 'w').write('x')\ntR.", carried},
		{"builtins.eval by STACK_GLOBAL", "\x80\x04\x8c\x08builtins\x8c\x04eval\x93(Vopen('MARK', 'w').write('x')\ntR.", carried},
		{"python 2 name of eval", "c__builtin__\neval\n(Vopen('MARK', 'w').write('x')\ntR.", carried},
		{"INST opcode", "(Vecho x > MARK\nios\nsystem\n.", carried},
		{"OBJ opcode", "(cos\nsystem\nVecho x > MARK\no.", carried},
		{"NEWOBJ of subprocess.Popen", "\x80\x02csubprocess\nPopen\n(Vtouch MARK\nt\x81.", carried},
		{"inside a list", "(lp0\ncos\nsystem\n(Vecho x > MARK\ntRa.", carried},
		{"as a dict key", "(dcos\nsystem\n(Vecho x > MARK\ntRI1\ns.", carried},
		{"dotted STACK_GLOBAL", "\x80\x04\x8c\x08datetime\x8c\x0asys.exit\x00\x00\x93(I1\ntR.", carried},
		{"getattr chain", "cbuiltins\ngetattr\n(cos\nsystem\nV__call__\ntR.", carried},
		{"getattr of a result", "cbuiltins\ngetattr\n(cos\ngetcwd\n(tRV__call__\ntR.", carried},
		{"persistent id", "Pabc\n.", broken},
		{"binary persistent id", "I1\nQ.", broken},
		{"extension registry", "\x82\x01.", broken},
		{"extension registry, 2 bytes", "\x83\x01\x00.", broken},
		{"extension registry, 4 bytes", "\x84\x01\x00\x00\x00.", broken},
		{"no STOP", "\x80\x04K\x01", truncated},
		{"STOP on an empty stack", ".", broken},
		{"STOP with a mark", "N(.", broken},
		{"nothing", "", io.EOF},
		{"unknown opcode", "\x80\x04\xf5.", broken},
		{"unknown protocol", "\x80\x7fN.", broken},
		{"stack underflow", "\x80\x04\x86.", broken},
		{"stack underflow at a mark", "\x80\x04NN(\x86.", broken},
		{"POP on an empty stack", "0.", broken},
		{"POP_MARK without a mark", "N1.", broken},
		{"DUP on an empty stack", "2.", broken},
		{"MARK missing", "\x80\x04K\x01t.", broken},
		{"memo entry that is not there", "\x80\x04h\x07.", broken},
		{"text memo entry that is not there", "g12345\n.", broken},
		{"memo entry that is no number", "gx\n.", broken},
		{"negative memo entry", "Np-1\n.", broken},
		{"BINPUT on an empty stack", "q\x00.", broken},
		{"MEMOIZE below a mark", "N(\x94.", broken},
		{"LONG_BINPUT of the largest index", "Nr\xff\xff\xff\xff.", nil},
		{"PUT of a large index", "Np9223372036854775807\n.", nil},
		{"bytes longer than the message", "\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.", limited},
		{"str longer than the message", "\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x7f.", limited},
		{"str of 2**64 - 1", "\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\xff.", limited},
		{"BINBYTES of 4 GiB", "\x80\x04B\xff\xff\xff\xff.", limited},
		{"BINBYTES of 1 MiB", "\x80\x04B\x00\x00\x10\x00.", truncated},
		{"BINUNICODE of 1 MiB", "\x80\x04X\x00\x00\x10\x00.", truncated},
		{"BYTEARRAY8 of 2**62", "\x80\x05\x96\x00\x00\x00\x00\x00\x00\x00\x40.", limited},
		{"frame longer than the message", "\x80\x04\x95\xff\xff\xff\xff\x00\x00\x00\x00N.", limited},
		{"frame of 16 MiB", "\x80\x04\x95\x00\x00\x00\x01\x00\x00\x00\x00N.", broken},
		{"frame in a frame", "\x80\x04\x95\x0c\x00\x00\x00\x00\x00\x00\x00N0\x95\x01\x00\x00\x00\x00\x00\x00\x00N.", broken},
		{"LONG4 with a negative length", "\x80\x02\x8b\xff\xff\xff\xff.", broken},
		{"LONG4 of 2 GiB", "\x80\x02\x8b\xff\xff\xff\x7fx.", limited},
		{"BINSTRING with a negative length", "T\xff\xff\xff\xff.", broken},
		{"INT that is none", "Iabc\n.", broken},
		{"INT that is empty", "I\n.", broken},
		{"LONG that is none", "L1x\n.", broken},
		{"FLOAT that is none", "Fabc\n.", broken},
		{"FLOAT in hexadecimal", "F0x1p4\n.", broken},
		{"UNICODE with a bad escape", "V\\u12\n.", broken},
		{"UNICODE beyond Unicode", "V\\U00110000\n.", broken},
		{"STRING without quotes", "Sabc\n.", broken},
		{"STRING with a bad escape", "S'\\x1'\n.", broken},
		{"a line without an end", "Vabc", truncated},
		{"invalid UTF-8", "\x80\x04\x8c\x02\xff\xfe.", broken},
		{"overlong UTF-8", "\x80\x04\x8c\x02\xc0\x80.", broken},
		{"half a surrogate", "\x80\x04\x8c\x02\xed\xa0.", broken},
		{"invalid UTF-8 in a name", "cos\xff\nx\n.", broken},
		{"a name that is no str", "\x80\x04K\x01\x8c\x01x\x93.", broken},
		{"unhashable dict key", "\x80\x04}]K\x01s.", broken},
		{"unhashable key in DICT", "(]K\x01d.", broken},
		{"a key without a value", "(K\x01d.", broken},
		{"a key without a value in SETITEMS", "}(K\x01u.", broken},
		{"unhashable set member", "\x80\x04\x8f(]\x90.", broken},
		{"unhashable frozenset member", "\x80\x04(]\x91.", broken},
		{"unhashable member of set()", "cbuiltins\nset\n((]ltR.", broken},
		{"SETITEM on an int", "\x80\x04K\x01K\x02K\x03s.", broken},
		{"APPEND to an int", "\x80\x04K\x01K\x02a.", broken},
		{"APPENDS to a dict", "\x80\x04}(K\x02e.", broken},
		{"ADDITEMS to a list", "\x80\x04](K\x02\x90.", broken},
		{"BUILD on an int", "\x80\x04K\x01}b.", broken},
		{"BUILD twice", "\x80\x04cm\nC\n)\x81}b}b.", broken},
		{"items after a state", "\x80\x04cm\nC\n)\x81}bK\x01a.", broken},
		{"REDUCE of an int", "\x80\x04K\x01)R.", broken},
		{"REDUCE of a list", "\x80\x04])R.", broken},
		{"REDUCE with a list", "\x80\x04cm\nf\n]R.", broken},
		{"NEWOBJ of a str", "\x80\x04\x8c\x01x)\x81.", broken},
		{"NEWOBJ_EX without a dict", "\x80\x04cm\nC\n)]\x92.", broken},
		{"a call whose result is dropped", "Ncm\nf\n)R0.", broken},
		{"range with step 0", "cbuiltins\nrange\n(I0\nI1\nI0\ntR.", broken},
		{"NEXT_BUFFER without buffers", "\x80\x05\x97.", broken},
		{"READONLY_BUFFER", "\x80\x05N\x98.", broken},

		{"nested 100000 deep", "\x80\x04" + strings.Repeat("]", deep) + strings.Repeat("a", deep-1) + ".", limited},
		{"tuples nested 100000 deep", "\x80\x04)" + strings.Repeat("\x85", deep) + ".", limited},
		{"dicts nested 100000 deep", "\x80\x04}" + strings.Repeat("N}", deep) + strings.Repeat("s", deep) + ".", limited},
		{"nested from inside", "\x80\x04]\x94" + strings.Repeat("]\x94j\x00\x00\x00\x00a2r\x00\x00\x00\x000", deep) + ".", limited},
		{"marks 100000 deep", strings.Repeat("(", deep) + "N" + strings.Repeat("l", deep) + ".", limited},
		{"decimal int of 100000 digits", "L" + strings.Repeat("9", deep) + "L\n.", broken},
		{"billion laughs", laughs + ".", nil},
		{"billion laughs as a key", keys + "K\x01u.", nil},
		{"billion laughs of slices", slices + ".", nil},
		{"a large key again and again", "}((" + strings.Repeat("N", 1<<16) + "t\x940" +
			strings.Repeat("h\x00N", 1<<13) + "u.", limited},
		{"a long key again and again", "}(X\x00\x00\x10\x00" + strings.Repeat("x", 1<<20) + "\x940" +
			strings.Repeat("h\x00N", 1<<13) + "u.", limited},
		{"a list copied again and again", "]\x94(" + strings.Repeat("N", 1<<16) + "e0" +
			strings.Repeat("cbuiltins\nlist\nh\x00\x85R0h\x00", 1<<13) + ".", limited},
		{"bytes copied again and again", "\x80\x05B\x00\x00\x10\x00" + strings.Repeat("x", 1<<20) + "\x940" +
			strings.Repeat("cbuiltins\nbytearray\nh\x00\x85R0", 1<<13) + "N.", limited},
	}
}

// check decodes a hostile pickle, and returns what it gives.
func (h *hostile) check(t *testing.T, decode func(data []byte, v any) error) any {
	t.Helper()
	var v any = "untouched"
	err := decode([]byte(h.data), &v)
	if err != nil && v != any("untouched") {
		t.Errorf("it failed, but stored %s", ReprMax(v, 100))
	}
	switch want := h.want.(type) {
	case error:
		if want == io.EOF {
			want = truncated
			if err == io.EOF {
				return nil
			}
		}
		if !errors.Is(err, want) {
			t.Errorf("error %v, want %v", err, want)
		}
	case nil:
		if err != nil {
			t.Errorf("error %v for what does no harm", err)
		}
		return v
	case string:
		if err != nil {
			t.Errorf("error %v for what can be carried", err)
		}
		return v
	default:
		if !errors.As(err, want) {
			t.Errorf("error %v (%T), want %T", err, err, want)
		}
	}
	return nil
}

// cautious is what a server may use for strangers.
var cautious = &Config{MaxBytes: 64 << 20, MaxItems: 1 << 22}

func TestHostile(t *testing.T) {
	for _, h := range hostiles() {
		t.Run(h.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			v := h.check(t, cautious.Unmarshal)
			runtime.ReadMemStats(&after)
			if got, most := after.TotalAlloc-before.TotalAlloc, uint64(64<<20+100*len(h.data)); h.want != any(limited) && got > most {
				t.Errorf("%d bytes were allocated for a pickle of %d", got, len(h.data))
			}
			if v == nil {
				return
			}
			if s := ReprMax(v, 1000); len(s) > 1100 {
				t.Errorf("its repr has %d bytes", len(s))
			}
			out, err := Marshal(v)
			if err != nil || len(out) > 2*len(h.data)+100 {
				t.Errorf("it goes out again in %d bytes, %v", len(out), err)
			}
			var again any
			if err := Unmarshal(out, &again); err != nil {
				t.Errorf("what goes out again is none: %v", err)
			}
		})
	}
}

// A stream is read in the same way, however it arrives.
func TestHostileStream(t *testing.T) {
	for _, h := range hostiles() {
		t.Run(h.name, func(t *testing.T) {
			h.check(t, func(data []byte, v any) error {
				return cautious.NewDecoder(bytes.NewReader(data)).Decode(v)
			})
			if len(h.data) < 1000 {
				h.check(t, func(data []byte, v any) error {
					return cautious.NewDecoder(iotest.OneByteReader(bytes.NewReader(data))).Decode(v)
				})
			}
		})
	}
}

// With a list of what is allowed, what would be carried is refused.
func TestHostileAllowed(t *testing.T) {
	c := Config{Classes: new(Classes)}
	c.Classes.Allow("mymod.*")
	for _, h := range hostiles() {
		if h.want == any(carried) {
			t.Run(h.name, func(t *testing.T) {
				h.want = new(*ForbiddenError)
				h.check(t, c.Unmarshal)
			})
		}
	}
}
