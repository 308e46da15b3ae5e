package codec_test

import (
	"errors"
	"math"
	"math/big"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"time"

	"github.com/conexgo/conex/internal/codec"
)

type inner struct {
	A int8
	B uint16
}

type hidden struct{ Shown int }

type shape interface{ Area() float64 }

type square struct{ Side float64 }

func (s square) Area() float64 { return s.Side * s.Side }

type circle struct{ R float64 }

func (c *circle) Area() float64 { return c.R * c.R * math.Pi }

type list struct {
	V    int
	Next *list
}

type node struct {
	Kids []node
	ByID map[string]*node
	Any  any
}

type everything struct {
	I    int
	I8   int8
	U64  uint64
	F32  float32
	C    complex128
	B    bool
	S    string
	By   []byte
	Arr  [3]string
	Flat [4]uint16
	PP   **int
	M    map[string][]inner
	MI   map[inner]bool
	E    any
	Sh   shape
	T    time.Time
	D    time.Duration
	_    int
	hidden
	*square
	Skip chan int `conex:"-"`
	Big  *big.Int
	U    *url.URL
	IP   netip.Addr
	Bs   []bool
	No   []struct{}
	Re   *regexp.Regexp
}

type color int

type custom struct{ s string }

func (c custom) AppendBinary(b []byte) ([]byte, error) { return append(b, c.s...), nil }
func (c custom) MarshalBinary() ([]byte, error)        { return []byte(c.s), nil }
func (c *custom) UnmarshalBinary(b []byte) error {
	c.s = string(b)
	return nil
}

type failing struct{ X int }

var errFailing = errors.New("no, thank you")

func (f failing) MarshalBinary() ([]byte, error) { return nil, errFailing }
func (f *failing) UnmarshalBinary([]byte) error  { return nil }

type withTime struct { // gets MarshalBinary by embedding, which would lose X
	time.Time
	X int
}

type ownMethods struct { // declares its own: these must be used although one is embedded too
	time.Time
	X int
}

func (o ownMethods) MarshalBinary() ([]byte, error) { return []byte{byte(o.X)}, nil }
func (o *ownMethods) UnmarshalBinary(b []byte) error {
	o.X = int(b[0]) + 100
	return nil
}

func init() {
	codec.RegisterType("square", reflect.TypeFor[square]())
	codec.RegisterType("circle", reflect.TypeFor[*circle]())
	codec.RegisterType("list", reflect.TypeFor[*list]())
	codec.RegisterType("color", reflect.TypeFor[color]())
	codec.RegisterType("failing", reflect.TypeFor[failing]())
}
