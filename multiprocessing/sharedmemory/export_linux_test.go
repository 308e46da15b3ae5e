package sharedmemory

// SetDir makes blocks lie in dir instead of /dev/shm.
func SetDir(dir string) (restore func()) {
	old := shmDir
	shmDir = dir
	return func() { shmDir = old }
}

// SetNames makes new names those given, again and again.
func SetNames(names ...string) (restore func()) {
	old, i := newName, -1
	newName = func() string { i++; return names[i%len(names)] }
	return func() { newName = old }
}

// SetInPlace makes named blocks in place, as where files without a name are
// not to be had.
func SetInPlace() (restore func()) {
	aside = false
	return func() { aside = true }
}

// SetByProc makes files get their names by way of /proc.
func SetByProc() (restore func()) {
	old := noEmptyPath.Swap(true)
	return func() { noEmptyPath.Store(old) }
}

// Mapped returns how many bytes of blocks are mapped, and how many locks held.
func Mapped() (bytes, locks int) {
	table.mu.Lock()
	defer table.mu.Unlock()
	for _, m := range table.of {
		bytes += len(m.mem)
		if m.lock >= 0 {
			locks++
		}
	}
	return bytes, locks
}

// KillJanitor kills the process that watches over the blocks of o.
func KillJanitor(o *Owner) {
	o.janitor.child.Kill()
	<-o.janitor.child.Done()
}

// JanitorPID is its number.
func JanitorPID(o *Owner) int { return o.janitor.child.PID() }
