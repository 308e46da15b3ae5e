// Package handle lets memory and descriptors travel inside values: what a
// queue, a lock or a connection is made of when it is sent to another process.
//
// A [Block] is a piece of shared memory. Small ones lie together in an arena, so
// that thousands of locks cost one descriptor. A Block that was sent refers to
// the same memory on the other side; it travels as the arena's descriptor, its
// place in it, and never by a name.
//
// # Life
//
// A process has each arena mapped once. It unmaps it when nothing refers to a
// Block of it any more, and the kernel frees the memory when the last process
// has. A pointer into Block.Mem keeps nothing alive, so whoever works with such
// pointers keeps the Block reachable meanwhile: methods end with
// runtime.KeepAlive. Memory of a Block that was never sent is used again once
// the Block is unreachable; of one that was sent, with the arena, since nobody
// knows who has it.
package handle
