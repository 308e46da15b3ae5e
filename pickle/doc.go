// Package pickle reads and writes Python's pickles: the format in which CPython's
// multiprocessing sends values, and which Python programs keep in files.
//
//	data, err := pickle.Marshal(map[string]int{"a": 1}) // pickle.dumps({'a': 1})
//
//	var m map[string]int
//	err = pickle.Unmarshal(data, &m) // m = pickle.loads(data)
//
// It reads protocols 0 to 5 and writes 4, or another one on request. It is there
// for programs that talk to Python, or live on what Python has left behind. Two
// programs in Go have better formats, and a program that keeps data for years
// has, too: a pickle says how to make a value, not what it is.
//
// # Values
//
// Unmarshal into an *any gives each of Python's values a type of its own, and
// Marshal takes them back:
//
//	None, bool          nil, bool
//	int                 int64, or *big.Int beyond
//	float, complex      float64, complex128
//	str                 string
//	bytes, bytearray    []byte, *ByteArray
//	tuple, list, dict   Tuple, *List, *Dict
//	set, frozenset      *Set, *FrozenSet
//	slice, range        Slice, Range
//	..., NotImplemented Ellipsis, NotImplemented
//	datetime's classes  Date, TimeOfDay, DateTime, TimeDelta, TimeZone
//	Decimal, UUID       Decimal, UUID
//	a class, a function Global
//	an exception        *Exception
//	anything else       *Object
//
// What is one value in Python is one in Go: a list that is referred to twice is
// one *List, and one that contains itself does so here. A str may hold what
// UTF-8 cannot, halves of surrogate pairs; in a string they are the three bytes
// that UTF-8 would have for them.
//
// An Object is the recipe of an instance, as the pickle has it: the class, the
// arguments, the state. It goes out again as it came in, so a program can store
// and forward what it does not understand: instances of Python's own classes go
// through a Go program unharmed. A call of any other function is an Object as
// well, and its result is what Python makes of it.
//
// # Go types
//
// Unmarshal into anything else converts, and so does Marshal what is not in the
// list above:
//
//	struct              dict, by the fields' names or `pickle:"name,omitempty"`
//	slice, array        list, tuple; []byte and [N]byte are bytes
//	map                 dict; map[K]struct{} is a set
//	any number          int, float, complex; *big.Rat Fraction, *big.Float Decimal
//	time.Time           datetime with its offset from UTC, in microseconds
//	time.Duration       timedelta
//	error               an exception: see Classes.RegisterError
//	pointer             what it points to, or None
//	Marshaler           what MarshalPickle returns
//	TextMarshaler       str
//
// Fields that are not exported, or have the tag "-", take no part. Fields of
// embedded structs are fields of the struct, by the rules of Go. A registered
// struct is an instance of its class: see Classes.Register. Pointers to structs,
// maps and slices have an identity, so that cycles and what is shared keep their
// shape both ways. Maps are written in the order of their keys.
//
// On the way back a struct also takes an instance, by its attributes, and a
// tuple of as many items as there are fields. A key that matches no field
// exactly may do so without regard to case and underscores: user_id is for
// UserID. Fields without a key stay as they are; keys without a field are
// ignored. Slices take sets and deques too, an array only what has its length,
// time.Time also a date and a datetime without a zone, whose clock is taken to
// be in time.Local. Python's bool is an int, so that 0 and 1 are taken for bools
// and the reverse; an int is taken for a float, a float never for an int.
// Numbers that do not fit are errors. Maps, slices and pointers are new ones,
// never those that were in the variable. What does not fit gives an
// *UnmarshalTypeError with the path to it, and leaves the variable as it was,
// except for what embedded pointers in it point to.
//
// # What a pickle can do
//
// In Python a pickle is a program, and whoever loads one from a stranger runs
// it. Here it is data. Nothing that a pickle names is looked up, made or called,
// with or without a list of what is allowed. What can be harmful is to hand an
// Object on to a Python program, which makes it: give a Config Classes with
// Classes.Allow, and a pickle that names any other class is refused.
//
// Reading takes memory and time in proportion to the length of the pickle,
// whatever it says about lengths of its own: nothing is allocated before the
// bytes for it are there. It does not recurse. What makes copies, such as
// set(list), counts against the limits in the Config, which bound what may be
// made of a pickle and how deep it is nested.
// Values may refer to others many times over, so that printing one in full could
// take for ever: Repr, Equal and Marshal know that, and programs that walk
// through values from strangers must, too. Refused are: references to objects
// outside of the pickle, which are persistent ids, unless Config.PersistentLoad
// knows what they stand for, and out-of-band buffers; the extension registry; a
// value with a state set twice, or appended to after that; integers of more than
// 20 000 decimal digits as text.
//
// # Errors
//
// Bytes that are no pickle give a *DecodeError with the offset and the name of
// the opcode, what goes beyond a limit a *LimitError, a class that is not allowed
// a *ForbiddenError. A value that Python cannot have gives an
// *UnsupportedTypeError or an *UnsupportedValueError, with the path to it. The
// exceptions of Python are errors: errors.Is(err, pickle.LookupError) holds for
// an *Exception that is a KeyError.
//
// # Python 2
//
// In protocols 0 to 2 Python 3 uses the names of Python 2 for what has moved:
// they are translated both ways, as CPython does it. The str of Python 2 is a
// string if it is ASCII, and otherwise bytes.
//
// # Costs
//
// Reading a request of a manager and writing the answer to it takes 0.4 µs,
// which is what CPython's implementation in C takes, and six small allocations,
// those of the values that are made. Bytes are copied once when they are
// written and once when they are read, or not at all with Config.NoCopy.
//
// # Names
//
// For pickle.dumps and loads see Marshal and Unmarshal, for dump and load Dump
// and Load, for Pickler and Unpickler Encoder and Decoder, for find_class
// Classes, for persistent_id and persistent_load Config.PersistentID and
// PersistentLoad, for fix_imports the section on Python 2; PicklingError is an
// *UnsupportedTypeError, UnpicklingError a *DecodeError.
package pickle
