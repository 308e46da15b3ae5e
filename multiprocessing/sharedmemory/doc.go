// Package sharedmemory has blocks of memory with a name, which programs in Go
// and in Python share: Python's multiprocessing.shared_memory, byte for byte.
//
//	s, err := sharedmemory.Create(sharedmemory.Config{Size: 1 << 20})
//	...
//	defer s.Unlink()
//	defer s.Close()
//	numbers, err := sharedmemory.Slice[float64](s) // numpy's float64
//	fmt.Println(s.Name())                          // psm_1f0a2b3c
//
// and in another program
//
//	s, err := sharedmemory.Attach("psm_1f0a2b3c")
//
// [SharedMemory] is such a block; [Slice] and [View] are ways to see it as
// numbers or structs. [ShareableList] is a list of simple values in a block.
// [Owner] makes blocks and lists, and removes them all together.
//
// # When to use it
//
// To meet a program that knows only the name: one in Python, or one that was not
// started by this one. For large data that several processes work on without
// copying it: a block can be sent inside arguments, and costs the same however
// large it is.
//
// Not for values and arrays among processes of one program: package
// multiprocessing/sharedctypes has them, typed, with locks, and without a name
// that could be left behind. Not for passing messages: that is what queues are
// for. Nothing here is locked; package multiprocessing has locks.
//
// # What happens to a block
//
// A name exists because the program asked for one, until somebody unlinks it.
// Closing and attaching never do: what one process does with its attachment takes
// nothing from others, and unlinking takes the name away, not the memory of those
// who have it open.
//
// If nobody unlinks, a tracked block, which is the default, ends with its
// processes. It belongs to the process that created it, until that ends, and to
// every process that uses this package as long as it has the block open. That
// a process lives is told by the kernel (a lock on the file), so there is no
// difference between a return from main and a kill -9. What nobody has any more
// is a leftover. [Leftovers] finds them, [Sweep] removes them, and so do without
// being asked:
//
//   - the end of a program that uses conex.Main: what it created itself, and what
//     its processes have left, however they ended;
//   - the janitor of an [Owner], within milliseconds of the program's end, also of
//     a kill -9;
//   - the first tracked block that any program of the same user creates;
//   - creating a block with the name of a leftover.
//
// So one thing remains: after a kill -9 of a whole program that has no Owner,
// the block's name and memory stay until the next of these events. The same is
// true if the janitor is killed together with it, as happens to a worker that is
// killed with all it started.
//
// A block with Config.Untracked stays until somebody unlinks it.
//
// Creating is all or nothing for a kill at any moment: a name that was asked for
// appears when the block is complete, a list with its items in it. (Where the
// system has no files without a name, which Linux always has in /dev/shm, the
// name appears before the size, as with CPython.)
//
// Two things cannot be promised. A program that unlinks a name and gives it to
// another block, within the microsecond in which a third one has looked and is
// about to unlink, loses the new name. And whoever has the right to open the file
// can cut it: then touching Bytes ends the program. Lists survive that.
//
// # With Python
//
// A block is a file in /dev/shm that its user alone may open, of exactly the
// size asked for. CPython 3.8 to 3.13 were tried, in both directions. A tracked
// block has the sticky bit beside its mode 0600, which means nothing for a file and
// marks it for Sweep. Names are CPython's, "psm_" and eight digits.
//
// CPython's resource tracker removes what a Python program has merely attached to,
// when that program ends: in all versions, unless it is told not to. A Python
// process that was not started by multiprocessing must therefore attach like this:
//
//	shm = SharedMemory(name, track=False)                          # 3.13
//	shm = SharedMemory(name)                                       # before
//	resource_tracker.unregister(shm._name, "shared_memory")
//
// Otherwise the name is gone after it, though everybody who has the block open
// keeps it. Nothing in this package does such a thing. A block that
// Python created is Python's: it is no tracked block here, and Sweep leaves it.
//
// A list is byte for byte CPython's of 3.9 and later (3.9.18, 3.10, 3.11, 3.12 and
// 3.13 were tried; only where CPython would cut a text that is not ASCII is there
// more room here). Lists of 3.8 have another layout: they can be read and written
// here, but 3.8 cannot read a newer one, neither ours nor Python's.
//
// # Costs
//
// On two cores of a virtual machine whose system calls are slow (the same in C
// takes 23 µs there), 4 KiB:
//
//	create, attach, close both, unlink   25 µs   (CPython 3.13: 52 µs)
//	an item of a list, set and got       58 ns   (CPython 3.13: 2.8 µs)
//	the same with At                     67 ns, one allocation
//
// Creating takes the memory at once and gives it back at the end, 0.8 ms a
// megabyte in all on that machine, unless Config.Sparse. A
// tracked block costs a descriptor: in the process that created it until it is
// unlinked, in others while they have it open. Attaching twice in one process
// maps once. An Owner costs a process with less than a megabyte of its own, and
// 5 ms for its start and its end.
//
// # Platforms
//
// Linux. On other systems everything builds and answers [errors.ErrUnsupported].
//
// # From Python
//
//	SharedMemory(create=True, size=n)          Create(Config{Size: n})
//	SharedMemory(name, create=True, size=n)    Create(Config{Name: name, Size: n})
//	SharedMemory(…, track=False)               Config.Untracked
//	SharedMemory(name)                         Attach(name)
//	shm.buf                                    s.Bytes()
//	memoryview(shm.buf).cast("q")              Slice[int64](s), NewView[int64](s)
//	shm.name, shm.size                         s.Name(), s.Size()
//	shm.close(), shm.unlink()                  s.Close(), s.Unlink()
//	ShareableList([…])                         NewShareableList(…)
//	ShareableList([…], name=name)              CreateShareableList(Config{Name: name}, …)
//	ShareableList(name=name)                   AttachShareableList(name)
//	l[i], l[i] = v                             l.At(i), Get[T](l, i), l.Set(i, v)
//	len(l), for v in l, list(l)                l.Len(), l.All(), l.Items()
//	l.count(v), l.index(v), l.format, l.shm    l.Count(v), l.Index(v), l.Format(), l.SharedMemory()
//	SharedMemoryManager()                      NewOwner()
//	smm.SharedMemory(size=n)                   o.Create(Config{Size: n})
//	smm.ShareableList([…])                     o.CreateList(Config{}, …)
//	smm.shutdown()                             o.Close()
package sharedmemory
