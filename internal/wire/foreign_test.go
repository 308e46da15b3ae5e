package wire

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/conexgo/conex/internal/codec"
)

var errElsewhere = errors.New("runs elsewhere")

func decimal(name, key string) *Func[int, int] {
	return Foreign(name, "abacus", []byte(key), Coding[int, int]{
		AppendArg: func(e *codec.Encoder, a *int) error {
			e.Buf = append(e.Buf, strconv.Itoa(*a)...)
			return nil
		},
		ReadResult: func(d *codec.Decoder, r *int) (err error) {
			*r, err = strconv.Atoi(string(d.Buf))
			d.Buf = nil
			return err
		},
	}, errElsewhere)
}

func TestForeign(t *testing.T) {
	f := decimal("f", "foreign f")
	if Lookup("f") != nil {
		t.Error("it is in the table")
	}
	var e codec.Encoder
	arg, res := 42, 0
	if err := f.AppendArg(&e, &arg); err != nil || string(e.Buf) != "42" {
		t.Errorf("%q, %v", e.Buf, err)
	}
	if err := f.ReadResult(&codec.Decoder{Buf: []byte("-7")}, &res); err != nil || res != -7 {
		t.Errorf("%d, %v", res, err)
	}
	if f.ArgFlat != 0 || f.ResFlat != 0 || f.RunFlat != nil || f.ArgSizeHint(&arg) != 0 {
		t.Error("it is flat")
	}
	// The other halves are not for Go.
	if err := f.ReadArg(&codec.Decoder{Buf: []byte("1")}, &arg); !errors.Is(err, errElsewhere) {
		t.Error(err)
	}
	if err := f.AppendResult(&e, &res); !errors.Is(err, errElsewhere) {
		t.Error(err)
	}
}

func TestForeignID(t *testing.T) {
	a, b, again := decimal("a", "id a"), decimal("b", "id b"), decimal("other name", "id a")
	if a.ID == b.ID || a.ID != again.ID {
		t.Errorf("%d, %d, %d", a.ID, b.ID, again.ID)
	}
	other := Foreign("a", "slide rule", []byte("id a"), Coding[int, int]{}, errElsewhere)
	if other.ID != 0 {
		t.Errorf("the first function of an engine has number %d", other.ID)
	}
	for i := range maxForeign {
		foreignID("many", fmt.Sprint(i))
	}
	if first, last, beyond := foreignID("many", "0"), foreignID("many", fmt.Sprint(maxForeign-1)), foreignID("many", "x"); first != 0 ||
		last != maxForeign-1 || beyond != NoID {
		t.Errorf("%d, %d, %d", first, last, beyond)
	}
}

func TestCheck(t *testing.T) {
	f := decimal("f", "check")
	g := New("wire.check", func(context.Context, int) (int, error) { return 0, nil }, nil)
	bad := New("wire.check2", func(context.Context, chan int) (int, error) { return 0, nil }, nil)
	if f.Check("abacus") != nil || f.Check("") != errElsewhere || f.Check("slide rule") != errElsewhere {
		t.Error("foreign")
	}
	if g.Check("") != nil || bad.Check("") == nil {
		t.Error("Go's")
	}
	if err := g.Check("abacus"); err == nil || !strings.Contains(err.Error(), `"wire.check" is a function of Go`) {
		t.Error(err)
	}
	f.Err = errors.New("no arguments like that")
	var e codec.Encoder
	arg := 1
	if f.Check("abacus") != f.Err || f.Check("") != errElsewhere || f.AppendArg(&e, &arg) != f.Err {
		t.Error("Err")
	}
}
