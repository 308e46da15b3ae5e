package conex

import (
	"reflect"

	"github.com/conexgo/conex/internal/codec"
)

// RegisterType allows values of the concrete type T inside interface values that are sent to another process: fields
// of type any or of any other interface type, and errors, which errors.As then finds on the other side. The name
// stands for the type; it must be the same in every process.
//
//	func init() { conex.RegisterType[*ParseError]("feed.ParseError") }
//
// A type and a pointer to it are two types: register the one that is put into the interface. The basic types, []byte,
// []string, []int, []int64, []float64, []bool, []any, map[string]any, map[string]string, map[string]int, time.Time and
// time.Duration are built in. Types that are not inside an interface need no registration.
//
// Registering the same pair again does nothing. RegisterType panics when the name is empty or stands for another type,
// when T has another name already, and when T is an interface type. It is safe for concurrent use.
func RegisterType[T any](name string) { codec.RegisterType(name, reflect.TypeFor[T]()) }
