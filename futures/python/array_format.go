package python

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
)

// A Number is what an [Array] can be made of: what has the same size and
// meaning on both sides. An int has no fixed size.
type Number interface {
	int8 | int16 | int32 | int64 |
		uint8 | uint16 | uint32 | uint64 |
		float32 | float64 | complex64 | complex128 | bool
}

// A format is a type of numbers.
type format struct {
	code string // as struct and the buffer protocol call it; complex: as numpy
	size int
	of   func(*memory) any // the *Array of that type
}

var formats = map[string]*format{}
var formatsByType = map[reflect.Type]*format{}

func init() {
	addFormat[int8]("b")
	addFormat[int16]("h")
	addFormat[int32]("i")
	addFormat[int64]("q")
	addFormat[uint8]("B")
	addFormat[uint16]("H")
	addFormat[uint32]("I")
	addFormat[uint64]("Q")
	addFormat[float32]("f")
	addFormat[float64]("d")
	addFormat[complex64]("F")
	addFormat[complex128]("D")
	addFormat[bool]("?")
}

func addFormat[T Number](code string) {
	t := reflect.TypeFor[T]()
	f := &format{code, int(t.Size()), func(m *memory) any { return &Array[T]{m} }}
	formats[code], formatsByType[t] = f, f
	for _, t := range []reflect.Type{reflect.TypeFor[Array[T]](), reflect.TypeFor[NDArray[T]]()} {
		argumentTypes[t] = struct{}{}
		argumentTypes[reflect.PointerTo(t)] = struct{}{}
	}
}

func formatOf[T Number]() *format { return formatsByType[reflect.TypeFor[T]()] }

// maxDims is how many dimensions a memoryview and a numpy.ndarray (before its 2.0)
// can have: 64 and 32. One more is for complex numbers.
const maxDims = 31

// count returns how many items a shape has.
func count(shape []int) (int, error) {
	n := 1
	if len(shape) > maxDims {
		return 0, fmt.Errorf("python: an Array of %d dimensions: more than %d are not possible", len(shape), maxDims)
	}
	for _, x := range shape {
		if x < 0 {
			return 0, fmt.Errorf("python: an Array of shape %s: a dimension is negative", shapeString(shape))
		}
		if x > 0 && n > math.MaxInt/16/x {
			return 0, fmt.Errorf("python: an Array of shape %s is larger than any memory", shapeString(shape))
		}
		n *= x
	}
	return n, nil
}

// shapeString writes a shape as Python does: (3,) and (3, 4).
func shapeString(shape []int) string {
	if len(shape) == 1 {
		return "(" + strconv.Itoa(shape[0]) + ",)"
	}
	s := make([]string, len(shape))
	for i, x := range shape {
		s[i] = strconv.Itoa(x)
	}
	return "(" + strings.Join(s, ", ") + ")"
}
