// Package wire holds the table of registered functions and their wire form:
// how an argument becomes bytes in the caller's process and how a worker runs
// a function on bytes, without knowing its types. The engines use it; package
// conex fills it. Functions that are not this program's, such as Python's, have
// the same wire form, but are in no table: see [Foreign].
package wire
