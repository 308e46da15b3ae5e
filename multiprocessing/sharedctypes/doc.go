// Package sharedctypes has numbers, structs, arrays and strings in memory that
// processes share: a [Value], an [Array] and a [String] with a lock, a [RawValue],
// a [RawArray] and a [RawString] without one.
//
//	var Count = conex.Register("count", count)
//
//	func count(ctx context.Context, n *sharedctypes.Value[int]) (struct{}, error) {
//		_, err := n.Update(ctx, func(n int) int { return n + 1 })
//		return struct{}{}, err
//	}
//
//	func run(ctx context.Context) error {
//		n, err := sharedctypes.NewValue(0)
//		if err != nil {
//			return err
//		}
//		p, err := multiprocessing.Go(ctx, Count.Bind(n))
//		if err != nil {
//			return err
//		}
//		…
//		fmt.Println(n.Get(ctx))
//	}
//
// # When to use it
//
// For state that several processes change in place, and that is small or of known
// size: counters, flags, progress, matrices, tables of structs. What one process
// makes and another takes goes through a queue or is the result of a function.
// Memory that has a name, and that Python programs open, is package sharedmemory's.
// Between goroutines use package sync/atomic.
//
// # With and without a lock
//
// Raw objects are memory. Reading and writing an element of 1, 2, 4 or 8 bytes is
// atomic, and [Add], [Swap] and [CompareAndSwap] change a number without losing
// what others do. That is all most programs need for counters and flags.
//
// Objects with a lock do more than one thing at a time: [Value.Update] reads and
// writes, [Value.With] and [Array.With] lend the memory to a function. Everything
// that waits for the lock takes a ctx. The lock is a multiprocessing.Lock of the
// object's own; [WithLock] shares one among objects, [WithRLock] gives one that can
// be taken again by the thread that has it. Python's default is such an RLock. It
// belongs to a thread, and in Go only a ctx can say which that is; the plain lock
// needs none, so that context.Background() will do. In return the methods of an
// object must not be called by a function that Update or With runs for it: that
// waits for the end of its ctx.
//
// # What can be shared
//
// Types whose values are all there is to them: integers, floats, complex numbers,
// bools, and arrays and structs of those. Anything with a pointer in it is refused
// with a [*TypeError] that names the part: strings, slices, maps, pointers,
// interfaces, a time.Time. For text use a String, or [N]byte within a struct. Structs
// lie in memory as C has them, padding included, as long as int is used for no
// field: that is 8 bytes on 64-bit systems, like C's long on most. Fields of types
// of package sync/atomic can be used in place, by With and Use.
//
// Python's type codes are Go types here; [Code] has them for programs that read them
// from elsewhere.
//
// # Sending
//
// All six kinds can be sent to other processes, by their pointers: in arguments and
// results, at any time, in items of queues and connections, within structs, slices
// and maps. Python can do so only while it starts a child. What arrives is the same
// memory and the same lock. The element type is checked: a mismatch is
// [ErrMismatch]. The memory goes with the last process that has it; there is nothing
// to close.
//
// # When processes die
//
// What a process has written stays when it dies, and nobody waits for it for ever.
// If it held a lock, the next one whom that concerns gets an error that matches
// multiprocessing.ErrOwnerDied: see [Value]. A word is never half written.
//
// Memory that another program scribbles on gives wrong numbers, but crashes nobody:
// lengths and types are not read from it, and bools are made valid.
//
// # Costs
//
// Beside CPython 3.13 on the same machine, the best of many runs:
//
//	with v.get_lock(): v.value += 1      530 ns      Update         20 ns
//	                                                 Add             4 ns
//	v.value = 1                          136 ns      Set            13 ns
//	v.value                               94 ns      Get            15 ns
//	                                                 Load, Store     2 ns
//	a[7] = 2                             502 ns      Array.SetAt    14 ns
//
// Taking the lock is nearly all of it, as in Python, so work on many elements under
// one: With, Slice, SetSlice. An object takes a cache line, and so does its lock.
//
// # Platforms
//
// Linux has everything. Other Unix systems have the raw forms; constructors of
// objects with a lock fail with errors.ErrUnsupported there, and all constructors on
// Windows.
//
// # Python's names
//
// Value and Array are [NewValue] and [NewArray], RawValue and RawArray [NewRawValue]
// and [NewRawArray], copy is [Copy], synchronized is [Synchronized]. The classes
// Synchronized, SynchronizedArray and SynchronizedString are [Value], [Array] and
// [String]; get_lock is Lock, get_obj is Obj. There are no negative indices.
package sharedctypes
