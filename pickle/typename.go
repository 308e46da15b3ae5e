package pickle

import (
	"fmt"
	"math/big"
)

// TypeName returns the name of a value's class as Python's messages have it:
// int, str, NoneType, datetime.date, and for an [Object] or an [Exception] the
// name of its class without the module. It is "type" for a [Global], and Go's
// name for what is no value of Python.
func TypeName(v any) string {
	switch v := plain(v).(type) {
	case nil:
		return "NoneType"
	case bool:
		return "bool"
	case int64, *big.Int:
		return "int"
	case float64:
		return "float"
	case complex128:
		return "complex"
	case string:
		return "str"
	case []byte:
		return "bytes"
	case *ByteArray:
		return "bytearray"
	case Tuple:
		return "tuple"
	case *List:
		return "list"
	case *Dict:
		return "dict"
	case *Set:
		return "set"
	case *FrozenSet:
		return "frozenset"
	case Slice:
		return "slice"
	case Range:
		return "range"
	case singleton:
		if v == Ellipsis {
			return "ellipsis"
		}
		return "NotImplementedType"
	case Global:
		return "type"
	case Date:
		return "datetime.date"
	case TimeOfDay:
		return "datetime.time"
	case DateTime:
		return "datetime.datetime"
	case TimeDelta:
		return "datetime.timedelta"
	case TimeZone:
		return "datetime.timezone"
	case Decimal:
		return "decimal.Decimal"
	case UUID:
		return "UUID" // as of all classes written in Python: without the module
	case *Exception:
		return lastName(v.Class.Name)
	case *Object:
		if g, ok := v.Class.(Global); ok {
			return lastName(g.Name)
		}
		return "object"
	}
	return fmt.Sprintf("%T", v)
}
