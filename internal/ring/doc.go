// Package ring is a byte ring in shared memory with one producer and one
// consumer, each in its own process. It carries records. A record is visible
// to the other side once it is committed, by one store; a process killed in
// the middle of a record leaves the ring as it was before that record.
//
// The ring itself never blocks and never enters the kernel. Each side has a
// flag by which it says that it is about to sleep; the other side then finds
// out, by Notify or Release, that it has to ring a doorbell, which is the
// caller's business (see package wait).
//
// Layout, little endian, all offsets in bytes:
//
//	  0  u64  tail: bytes ever committed by the producer
//	 64  u64  head: bytes ever released by the consumer
//	128  u32  1 while the consumer sleeps for data
//	192  u32  1 while the producer sleeps for space
//	256       data, a power of two
//
// A record is one u64, length | kind<<32 | extra<<40, and the payload, padded
// to 8 bytes. It never wraps: kind 0 pads to the end of the data.
package ring
