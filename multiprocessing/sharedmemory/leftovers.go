package sharedmemory

// Leftovers lists the tracked blocks of this user that nobody keeps any more:
// the process that created them is gone, without having unlinked them, and no
// process that uses this package has them open. It removes nothing.
//
// It looks at every file in /dev/shm: some 2 µs each. It is safe for concurrent use, in any number
// of processes. On systems other than Linux it answers [errors.ErrUnsupported].
func Leftovers() ([]string, error) { return leftovers(false) }

// Sweep unlinks all [Leftovers], and returns their names. Processes that use
// such a block without this package, CPython's, keep their memory but nobody
// else finds it.
//
// There is seldom a need to call it. It is done when a program creates its first
// tracked block, at the end of a program that uses conex.Main, and by the janitor
// of every [Owner].
func Sweep() (removed []string, err error) { return leftovers(true) }
