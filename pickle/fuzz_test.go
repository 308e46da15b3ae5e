package pickle

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"
)

// dumps are pickles that CPython's managers have sent, and others of the kinds
// of values that there are.
var dumps = []string{
	"8004951000000000000000284e8c0564756d6d7994297d9474942e",
	"8004950e000000000000008c072352455455524e944e86942e",
	"80049589000000000000008c062350524f585994288c085f5f6e6578745f5f948c0473656e64948c057468726f77948c05636c6f73" +
		"659474948c186d756c746970726f63657373696e672e6d616e6167657273948c05546f6b656e9493942981948c084974657261746f72" +
		"948c093132372e302e302e31944d8fa186948c0c37663032326664303436643094879462869486942e",
	"8004952d000000000000008c06234552524f52948c086275696c74696e73948c084b65794572726f729493948c027a7a948594529486942e",
}

func seeds() [][]byte {
	var all [][]byte
	for _, s := range dumps {
		b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
		if err != nil {
			panic(err)
		}
		all = append(all, b)
	}
	for _, h := range hostiles() {
		if len(h.data) < 300 {
			all = append(all, []byte(h.data))
		}
	}
	for _, s := range []string{
		"(lp0\nI1\naL12L\naF1.5\naV\\u20ac\np1\nag1\naI01\na.",
		"(dp0\nS'a'\nNs.",
		"cdatetime\ndate\n(c_codecs\nencode\n(V\x07\xe4\x01\x02\nVlatin1\ntRtR.",
		"\x80\x02cuuid\nUUID\n)\x81}X\x03\x00\x00\x00intK\x05sb.",
		"ccopyreg\n_reconstructor\n(cm\nC\nc__builtin__\nobject\nNtR(dVx\nI1\nsb.",
		"\x80\x04]\x94(h\x00\x85\x94h\x010h\x01e.",
		"\x80\x04cm\nC\n)\x81\x94(K\x01K\x02e(K\x01K\x02u}b.",
		"\x80\x04cm\nC\n)}\x92.",
		"\x80\x04(\x8f(K\x01\x90\x94h\x00\x91.",
		"\x80\x04cm\nC\n)R\x94cm\nset\nh\x00}\x86R0.",
	} {
		all = append(all, []byte(s))
	}
	return all
}

// Whatever the bytes are: reading them does not panic and keeps the limits, and
// a value that was read goes out and comes back as the same.
func FuzzUnmarshal(f *testing.F) {
	for _, b := range seeds() {
		f.Add(b)
	}
	c := &Config{MaxBytes: 1 << 16, MaxDepth: 100, MaxMemo: 1000, MaxItems: 10000}
	f.Fuzz(func(t *testing.T, data []byte) {
		var v any
		err := c.Unmarshal(data, &v)
		if err != nil {
			if !known(err) {
				t.Fatalf("error %v of type %T", err, err)
			}
			return
		}
		for protocol := Protocol0; protocol <= highestProtocol; protocol++ {
			e := *c
			e.Protocol = protocol
			out, err := e.Marshal(v)
			var limit *LimitError
			var value *UnsupportedValueError
			switch {
			case errors.As(err, &limit):
				continue // a protocol may need more bytes than another
			case errors.As(err, &value) && protocol < 4 && protocol != 0:
				continue // or not be able to write a name
			case err != nil:
				t.Fatalf("protocol %d: %v", protocol, err)
			}
			var again any
			e.MaxMemo, e.MaxItems, e.MaxDepth = 0, 0, 0
			if err := e.Unmarshal(out, &again); err != nil {
				t.Fatalf("protocol %d: %v\n%q\n%q", protocol, err, data, out)
			}
			if a, b := ReprMax(v, 4096), ReprMax(again, 4096); a != b {
				t.Fatalf("protocol %d: %s\nbecame %s\n%q\n%q", protocol, a, b, data, out)
			}
		}
	})
}

// known reports whether err is of one of the types that Unmarshal promises.
func known(err error) bool {
	switch err.(type) {
	case *DecodeError, *LimitError, *ForbiddenError:
		return true
	}
	return false
}

// FuzzDecoder reads the bytes as a stream: it gives the same pickles as a slice,
// and ends at the same place.
func FuzzDecoder(f *testing.F) {
	for _, b := range seeds() {
		f.Add(b)
		f.Add(append(b, b...))
	}
	c := &Config{MaxBytes: 1 << 16, MaxDepth: 100, MaxMemo: 1000, MaxItems: 10000}
	f.Fuzz(func(t *testing.T, data []byte) {
		dec := c.NewDecoder(halves{bytes.NewReader(data)})
		for {
			var v, w any
			err1 := c.Unmarshal(data, &v)
			err2 := dec.Decode(&w)
			if (err1 == nil) != (err2 == nil) {
				t.Fatalf("a slice gives %v, a stream %v", err1, err2)
			}
			if err1 != nil {
				return
			}
			if a, b := ReprMax(v, 4096), ReprMax(w, 4096); a != b {
				t.Fatalf("a slice gives %s, a stream %s", a, b)
			}
			// What is left is what the stream has not read yet.
			data = data[len(data)-left(dec):]
		}
	})
}

// left returns how much of its stream a Decoder has not decoded.
func left(dec *Decoder) int {
	return len(dec.buf) + dec.r.(halves).Len()
}

// A halves reads half of what it could.
type halves struct{ *bytes.Reader }

func (h halves) Read(p []byte) (int, error) {
	if h.Len() == 0 {
		return 0, io.EOF
	}
	return h.Reader.Read(p[:(min(len(p), h.Len())+1)/2])
}
