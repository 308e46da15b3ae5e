package sharedmemory

import (
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"
)

// attachMapping returns the mapping of the block that has the name now, with a
// reference for the caller. A block that this process has mapped is not mapped
// again, which saves most of the system calls.
func attachMapping(name string) (*mapping, error) {
	path := shmDir + "/" + name
	if m := known(path, name); m != nil {
		return m, nil
	}
	// No links, as with shm_open; and what is no file must not make us wait.
	fd, err := open(path, unix.O_RDWR|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, explain(err)
	}
	m, err := mapFile(fd, name)
	if err != nil {
		unix.Close(fd)
		return nil, explain(err)
	}
	if m.lock < 0 {
		unix.Close(fd)
	}
	table.mu.Lock()
	defer table.mu.Unlock()
	switch o := table.of[name]; {
	case o == nil || o.id != m.id:
		enroll(m) // in place of one that has lost its name
	case o.size == m.size && o.remap():
		unmap(m.mem) // somebody here was faster
		m.unlock()
		o.refs++
		return o, nil
	default:
		m.refs = 1 // the file has grown: on its own
	}
	return m, nil
}

// known returns this process's mapping of the block that has the name now.
func known(path, name string) *mapping {
	table.mu.Lock()
	defer table.mu.Unlock()
	m := table.of[name]
	if m == nil {
		return nil
	}
	if size, err := m.here(path); err != nil || size != int64(m.size) || !m.remap() {
		return nil
	}
	m.refs++
	return m
}

// here returns the size of the file if the name is still that of this block.
// The caller holds table.mu.
func (m *mapping) here(path string) (size int64, err error) {
	var st unix.Stat_t
	if m.lock >= 0 {
		err = unix.Fstat(m.lock, &st) // faster, and a file keeps its one name
	} else {
		err = unix.Lstat(path, &st)
	}
	switch {
	case err != nil:
		return 0, err
	case st.Nlink == 0:
		return 0, unix.ENOENT
	case identOf(&st) != m.id:
		return 0, fail(fs.ErrNotExist, "the name belongs to another block now")
	}
	return st.Size, nil
}

// remap makes sure that m is mapped. The caller holds table.mu.
func (m *mapping) remap() bool {
	if m.mem != nil {
		return true
	}
	mem, err := unix.Mmap(m.lock, 0, m.size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return false
	}
	m.mem = mem
	for i, o := range table.idle {
		if o == m {
			table.idle = append(table.idle[:i], table.idle[i+1:]...)
			break
		}
	}
	return true
}

// mapFile maps an opened block, and holds its lock if it is a tracked one.
func mapFile(fd int, name string) (*mapping, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, err
	}
	lock := -1
	if st.Mode&unix.S_ISVTX != 0 && lockShared(fd) {
		lock = fd
		if err := unix.Fstat(fd, &st); err != nil { // as it is now that it is locked
			return nil, err
		}
	}
	switch {
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		return nil, fail(ErrName, "%s is no block of memory", shmDir+"/"+name)
	case st.Nlink == 0:
		return nil, unix.ENOENT // swept or unlinked meanwhile
	case st.Size == 0:
		return nil, fail(ErrTooShort, "it has no bytes: its creator has not given it a size yet, or never will")
	case st.Size != int64(int(st.Size)):
		return nil, fail(ErrSize, "%d bytes do not fit into this program's memory", st.Size)
	}
	size := int(st.Size)
	mem, err := unix.Mmap(fd, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	return &mapping{id: identOf(&st), name: name, size: size, mem: mem, lock: lock}, nil
}

// unlink takes the name away if it is still this block's. Those who sweep
// cannot come between the look and the unlink, since m has the lock. One who
// unlinks by himself and creates again can: microseconds that the system gives
// no means to close.
func (m *mapping) unlink() error {
	path := shmDir + "/" + m.name
	table.mu.Lock()
	defer table.mu.Unlock()
	_, err := m.here(path)
	if err == nil {
		err = unix.Unlink(path)
	}
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		m.unlinked()
	}
	return explain(err)
}

// named reports whether the block still has its name.
func (m *mapping) named() bool {
	table.mu.Lock()
	defer table.mu.Unlock()
	_, err := m.here(shmDir + "/" + m.name)
	return err == nil
}

// nameless reports whether the block's name is gone.
func (m *mapping) nameless() bool {
	var st unix.Stat_t
	return unix.Fstat(m.lock, &st) == nil && st.Nlink == 0
}

// unlock makes m a leftover, if nobody else has its lock.
func (m *mapping) unlock() {
	if m.lock >= 0 {
		unix.Close(m.lock)
		m.lock = -1
	}
}

func unmap(mem []byte) {
	if mem != nil {
		unix.Munmap(mem)
	}
}

// identOf tells files of one system apart. tmpfs counts its inodes up: a number
// does not come back soon.
func identOf(st *unix.Stat_t) ident { return ident{uint64(st.Dev), st.Ino} }

// open is unix.Open for this process alone: children do not inherit blocks.
// It is not os.Open, which would look for a poller first.
func open(path string, flags int, mode uint32) (fd int, err error) {
	err = again(func() error {
		fd, err = unix.Open(path, flags|unix.O_CLOEXEC, mode)
		return err
	})
	return fd, err
}

// flock's lock belongs to the opened file, not to the process: it is dropped
// with the last descriptor of that opening, whoever has it, and by nothing else.
func flock(fd, how int) error { return again(func() error { return unix.Flock(fd, how) }) }

// again repeats what a signal has interrupted.
func again(f func() error) error {
	for {
		if err := f(); err != unix.EINTR {
			return err
		}
	}
}

// explain says what a system call's error means for a block, and what to do.
func explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.ENOMEM), errors.Is(err, unix.EDQUOT), errors.Is(err, unix.EFBIG):
		return fmt.Errorf("%w in %s (see df %s; Leftovers lists what killed programs left): %w", ErrNoSpace, shmDir, shmDir, err)
	case errors.Is(err, unix.EMFILE), errors.Is(err, unix.ENFILE):
		return fmt.Errorf("%w (see ulimit -n): %w", ErrNoDescriptor, err)
	case errors.Is(err, unix.ENOENT) && unix.Access(shmDir, unix.F_OK) != nil:
		return fmt.Errorf("%w: this system has no %s", errors.ErrUnsupported, shmDir)
	case errors.Is(err, unix.ELOOP):
		return fail(ErrName, "it is a symbolic link")
	}
	return err
}
