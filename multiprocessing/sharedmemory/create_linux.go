package sharedmemory

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// shmDir is where the C library's shm_open keeps its files. Tests change it.
var shmDir = "/dev/shm"

// The mode of a block: its owner may read and write. The sticky bit, which
// means nothing for files on Linux, marks the tracked ones: it is set by the
// very call that creates the file, so a kill cannot come between.
const (
	modePlain   = 0o600
	modeTracked = 0o600 | unix.S_ISVTX
)

// errSwept says that a file is being swept, by this process or another: the
// name will be free in a moment.
var errSwept = errors.New("the name is being swept")

var firstSweep sync.Once

// newName makes a name as CPython does. Tests change it.
var newName = func() string { return fmt.Sprintf("psm_%08x", rand.Uint32()) }

// createMapping makes a block and returns its mapping, with a reference for the
// caller.
func createMapping(name string, cfg Config, how creation) (*mapping, error) {
	if !cfg.Untracked {
		firstSweep.Do(func() { Sweep() }) // what killed programs have left
	}
	for range 1000 {
		n := name
		if name == "" {
			n = newName()
		}
		m, err := makeBlock(n, name == "", cfg, how)
		if err == nil {
			table.mu.Lock()
			lookAtIdle()
			enroll(m)
			table.mu.Unlock()
			return m, nil
		}
		if errors.Is(err, fs.ErrExist) {
			if name == "" {
				continue
			}
			// The name may be that of a leftover.
			gone, why := leftover(n, true)
			if gone {
				continue
			}
			if why == errSwept {
				err = why
			}
		}
		if err != errSwept {
			return nil, about("creating", n, explain(err))
		}
		time.Sleep(20 * time.Microsecond) // one who sweeps is at it
	}
	return nil, about("creating", name, fs.ErrExist)
}

// makeBlock makes a block under name. Nobody looks for a new name before he is
// told, so that is made in place, which is faster. A given name may be waited
// for: the block is made without a name, and gets it when it is ready.
func makeBlock(name string, isNew bool, cfg Config, how creation) (*mapping, error) {
	if aside && (!isNew || how.tell != nil) {
		m, err := makeAside(name, cfg, how)
		if !errors.Is(err, errNoAside) {
			return m, err
		}
	}
	return makeInPlace(name, cfg, how)
}

// aside can be turned off by tests.
var aside = true

// errNoAside says that the system cannot make files without a name here.
var errNoAside = errors.New("no files without a name here")

// makeAside makes a file without a name, and links it to the name when all is
// ready: a kill before that leaves nothing at all.
func makeAside(name string, cfg Config, how creation) (*mapping, error) {
	mode := uint32(modeTracked)
	if cfg.Untracked {
		mode = modePlain
	}
	fd, err := open(shmDir, unix.O_RDWR|unix.O_TMPFILE, mode)
	if err == unix.EOPNOTSUPP || err == unix.EISDIR || err == unix.EINVAL {
		return nil, errNoAside
	}
	if err != nil {
		return nil, err
	}
	m, err := prepare(fd, name, false, cfg, how)
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	if how.tell != nil {
		err = how.tell(m)
	}
	if err == nil {
		err = link(fd, shmDir+"/"+name)
	}
	if err != nil {
		discard(m, fd)
		return nil, err
	}
	m.keep(fd, cfg)
	return m, nil
}

// makeInPlace makes the file under its name at once. It is marked as tracked
// in any case, so that what a kill leaves half made can be found.
func makeInPlace(name string, cfg Config, how creation) (*mapping, error) {
	path := shmDir + "/" + name
	fd, err := open(path, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW, modeTracked)
	if err != nil {
		return nil, err
	}
	tracked := cfg
	tracked.Untracked = false // for now: locked
	m, err := prepare(fd, name, true, tracked, how)
	if err != nil {
		if err != errSwept {
			unix.Unlink(path)
		}
		unix.Close(fd)
		return nil, err
	}
	if how.tell != nil {
		err = how.tell(m)
	}
	if err == nil && cfg.Untracked {
		err = unix.Fchmod(fd, modePlain)
	}
	if err != nil {
		unix.Unlink(path)
		discard(m, fd)
		return nil, err
	}
	m.keep(fd, cfg)
	return m, nil
}

// prepare locks, sizes, maps and fills the new file, which has its name already
// if it is made in place.
func prepare(fd int, name string, inPlace bool, cfg Config, how creation) (*mapping, error) {
	if !cfg.Untracked {
		// Shared: everybody who has the block open may hold it. It can only
		// fail because a sweeper has seen the new file without a lock.
		if err := flock(fd, unix.LOCK_SH|unix.LOCK_NB); err == unix.EWOULDBLOCK {
			return nil, errSwept
		} else if err != nil {
			return nil, err
		}
	}
	if err := reserve(fd, int64(cfg.Size), cfg.Sparse); err != nil {
		return nil, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, err
	}
	if inPlace && st.Nlink == 0 {
		return nil, errSwept // before it was locked
	}
	mem, err := unix.Mmap(fd, 0, cfg.Size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	if how.fill != nil {
		how.fill(mem)
	}
	return &mapping{id: identOf(&st), name: name, size: cfg.Size, mem: mem, lock: -1}, nil
}

// keep makes fd the lock of a block that is to be tracked.
func (m *mapping) keep(fd int, cfg Config) {
	if cfg.Untracked {
		unix.Close(fd)
		return
	}
	m.lock, m.created = fd, true
}

// discard gives up a block that was ready but got no name.
func discard(m *mapping, fd int) {
	if m.told != nil {
		m.told.forget(m)
	}
	unmap(m.mem)
	unix.Close(fd)
}

// chunk is how much memory is asked for at once: an interrupted call gives back
// all that it got, so it must be short against the ticks of a profiler.
const chunk = 4 << 20

// reserve gives the file its size and, unless it is to be sparse, its memory.
func reserve(fd int, size int64, sparse bool) error {
	if sparse {
		return again(func() error { return unix.Ftruncate(fd, size) })
	}
	if size > chunk {
		// Do not fill the system's memory just to find out that it is too little.
		var st unix.Statfs_t
		if err := unix.Fstatfs(fd, &st); err == nil && st.Blocks > 0 && uint64(size)/uint64(st.Bsize) > st.Bavail {
			return unix.ENOSPC
		}
	}
	for at := int64(0); at < size; at += chunk {
		err := again(func() error { return unix.Fallocate(fd, 0, at, min(chunk, size-at)) })
		if err == unix.EOPNOTSUPP {
			return again(func() error { return unix.Ftruncate(fd, size) }) // no tmpfs
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// noEmptyPath: linking a descriptor itself takes a capability before Linux 6.10.
var noEmptyPath atomic.Bool

// link gives the file its name, which must be free.
func link(fd int, path string) error {
	if !noEmptyPath.Load() {
		err := unix.Linkat(fd, "", unix.AT_FDCWD, path, unix.AT_EMPTY_PATH)
		if err != unix.ENOENT && err != unix.EPERM && err != unix.EINVAL {
			return err
		}
		noEmptyPath.Store(true)
	}
	err := unix.Linkat(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", fd), unix.AT_FDCWD, path, unix.AT_SYMLINK_FOLLOW)
	if err == unix.ENOENT {
		return errNoAside // no /proc
	}
	return err
}

// lockShared takes the lock of a block that was attached to, so that it is no
// leftover while it is open here. Who sweeps holds the lock for microseconds.
// If it takes longer that program is stopped or plays with us: then the block
// is used without a lock, as CPython uses it.
func lockShared(fd int) bool {
	for range 200 {
		err := flock(fd, unix.LOCK_SH|unix.LOCK_NB)
		if err == nil {
			return true
		}
		if err != unix.EWOULDBLOCK {
			return false
		}
		time.Sleep(20 * time.Microsecond)
	}
	return false
}
