// Package mpring is a byte ring in shared memory for many producers and many
// consumers in many processes: what queues are made of.
//
// Producers line up behind one robust lock, consumers behind another. A record
// is put, and one is taken, by one store of a 64-bit word that holds the
// position in bytes and the number of records so far. So kill -9 between any
// two instructions loses at most the record that was being written or taken,
// and the next owner of the lock finds nothing half done.
//
// The ring does not wait. Who finds it empty, or full, arms a [Bell], looks
// once more, and sleeps in the kernel (package futex) without holding a lock:
// a process that is stopped there stops nobody else. Whoever changes what the
// others wait for rings; that is one load while nobody sleeps. A ring may go to
// a process that is killed before it acts, so every sleep is bounded.
//
// # Layout
//
// All offsets in bytes, native byte order: the memory is shared by processes of
// one program.
//
//	   0  u64  size of the data, a power of two
//	   8  u64  what the owner of the memory wants to remember: see Ring.Note
//	  64  u64  lock of the producers
//	  72  u64  tail: position mod 2³⁴ | records mod 2³⁰ << 34
//	  80  u64  head, as the producers saw it last
//	  88  u64  the last number given to a parcel of descriptors
//	 128  u64  lock of the consumers
//	 136  u64  head
//	 144  u64  tail, as the consumers saw it last
//	 192  u32  bell of those who wait for records
//	 256  u32  bell of those who wait for room
//	 320  u32  bell of those who wait until all records are done
//	 384  u64  lock of the accounts below
//	 392       accounts of the dead, and a journal: see Ledger
//	 448  u32  places of the ledger in use
//	4096       the ledger
//	69632      data
//
// A record is one u64, length | kind<<32 | 0xc0fe2a<<40, and the payload, padded to
// 8 bytes. It never wraps: kind 0 pads to the end of the data. A producer that
// finds the ring empty starts again at the beginning of the data every 64 KiB,
// so a queue that is never long does not touch the rest of its memory.
//
// Everything read from the memory is checked: another program that writes to it
// causes [ErrCorrupt], lost records or a wait that only its context ends, never
// a crash.
package mpring
