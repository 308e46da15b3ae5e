// Package peer says who a process is, in a number that fits into one word of
// shared memory, and whether that process still lives.
//
// What a process holds must be taken back when it dies. Its number alone will
// not do, since the system gives numbers out again; number and time of start
// together belong to one process only.
package peer
