// Package codec turns Go values into replayable, self-delimiting bytes and back, between a program and its own
// re-executed workers.
//
// Both ends are the same binary. The bytes therefore carry no type descriptions and no field names, and they are not
// meant for files, for other programs or for other builds. What they do carry is exact: nil and empty slices and maps
// stay apart, nil pointers stay nil, NaN payloads and negative zeros survive, and every type comes back as it was.
//
// A [Plan] is compiled once per type by reflection and run through unsafe pointers. A value's bytes depend on nothing
// sent before them, so they can be kept and sent again to another worker.
//
// # The format
//
//   - Integers, floats and complex numbers: fixed width, the memory image (little endian on the ports in common use).
//     Neighbouring fields of a struct that are such numbers, with no padding between them, are one copy.
//   - bool: one byte, 0 or 1; anything else is refused.
//   - string: uvarint length, bytes.
//   - slice: uvarint length+1, 0 for nil, then the elements; elements that are memory images are one copy. At the top
//     level of a value such a slice has an 8-byte length instead, so that an aligned message has aligned elements.
//   - map: uvarint length+1, 0 for nil, then keys and values in any order.
//   - elements of slices and maps that need no bytes but do need memory send one filler byte each, so that an
//     announced length is always backed by input.
//   - pointer: one presence byte, then what it points to. Pointers shared between two places are not kept shared:
//     each place gets its own copy. Cyclic values are refused by a depth limit.
//   - array and struct: their parts in order.
//   - interface: uvarint 0 for nil, 1 and a name for a type given to RegisterType, a number for built-in types; then
//     the value. The interface type error goes through [Errors].
//   - time.Time: seconds, nanoseconds and zone offset, 16 bytes.
//   - types with their own methods: uvarint length and what MarshalBinary (AppendBinary), GobEncode or, for types
//     that cannot be encoded otherwise, MarshalText gave.
//
// # What is refused
//
// Channels, functions, unsafe.Pointer and uintptr cannot leave the process (a uintptr is nearly always an address or
// an OS handle, meaningless elsewhere; convert a plain number to uint64). Unexported fields are refused rather than
// lost; [TypeError] names the field and says what to do. Fields tagged `conex:"-"` are left out and come back zero.
//
// # Hardening
//
// Decoding checks every length against the bytes that are left before it allocates. Truncated or corrupt input is an
// error that matches [ErrCorrupt], never a panic. Methods such as UnmarshalBinary are the type author's and run as
// they are: a panic in one of them is not caught here.
package codec
