package sharedctypes

// An ULong has the size of C's unsigned long, as a [Long] has that of long.
//
// C's other types have the same size everywhere that Go runs: char and short are
// int8 and int16, int is int32 and not Go's int, long long is int64, float and
// double are float32 and float64.
type ULong ulong

// A Long has the size of C's long on this system: 8 bytes, but 4 on Windows and
// on 32-bit systems.
type Long long

// A WChar has the size of C's wchar_t on this system: 4 bytes, but 2 on Windows.
// On the former it holds any rune, on the latter a UTF-16 code unit.
type WChar wchar
