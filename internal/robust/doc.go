// Package robust has the lock that everything shared between processes is
// protected by: one word of shared memory that says which process holds it. When
// that process dies, however it dies, the next one gets the lock and is told, so
// that it can settle what is half done.
//
// The holder is a process, not a goroutine: any goroutine of any process may
// unlock. It is found dead by those who wait, who look after 5 ms and then ever
// more rarely, up to every 100 ms, and at once when a child of theirs has died.
// That costs the holder nothing: a lock and an unlock are two atomic operations.
// Kernel-robust futexes, the alternative, need a thread that never ends, cost
// 25 ns more a pair, and are limited to 2048 held locks a process.
package robust
