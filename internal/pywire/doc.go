// Package pywire speaks the wire of CPython's multiprocessing.connection:
// frames, the handshake with a key in its old and its new form, addresses,
// listening and dialling. What is in the frames is of no concern to it; from
// package pickle it takes only the form that addresses have in Python.
//
// A frame is a signed big-endian 32-bit length and that many bytes; a length of
// -1 is followed by the real one in 64 bits. Any other negative length is
// refused. Memory is taken as bytes arrive, never because a length says so.
//
// The side that listens sends a challenge, which the other one answers with a
// MAC under the common key; then the roles are swapped. CPython 3.8 to 3.11
// know HMAC-MD5 alone, 3.12 and later name the digest in the challenge. What is
// answered depends on the challenge at hand and on nothing else, so both
// generations understand each other in both roles.
package pywire
