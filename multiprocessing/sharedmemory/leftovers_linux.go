package sharedmemory

import (
	"context"
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"github.com/conexgo/conex/internal/exit"
)

func init() {
	// First registered, last run: the children that have blocks have ended.
	exit.Register(exit.Queues, func(context.Context) { removeOwn(); Sweep() })
}

// removeOwn unlinks what this process created and did not unlink.
func removeOwn() {
	table.mu.Lock()
	var own []*mapping
	for _, m := range table.of {
		if m.created {
			own = append(own, m)
		}
	}
	table.mu.Unlock()
	for _, m := range own {
		m.unlink() // gone already is fine
	}
}

func leftovers(remove bool) (names []string, err error) {
	entries, err := os.ReadDir(shmDir)
	if err != nil {
		return nil, explain(err)
	}
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		yes, fault := leftover(e.Name(), remove)
		if yes {
			names = append(names, e.Name())
		}
		if fault != nil && fault != errSwept {
			err = errors.Join(err, about("looking at", e.Name(), fault))
		}
	}
	return names, err
}

// leftover reports whether name is a tracked block of this user that no living
// process holds, and removes it if it is to. Names that vanish meanwhile are
// none, and no error; one that somebody else is removing is errSwept.
func leftover(name string, remove bool) (bool, error) {
	path := shmDir + "/" + name
	var st unix.Stat_t
	if unix.Lstat(path, &st) != nil || !marked(&st) {
		return false, nil
	}
	fd, err := open(path, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err == unix.ENOENT || err == unix.ELOOP {
		return false, nil
	}
	if err != nil {
		return false, explain(err)
	}
	defer unix.Close(fd) // and with it the lock
	if unix.Fstat(fd, &st) != nil || !marked(&st) || st.Nlink == 0 {
		return false, nil
	}
	if flock(fd, unix.LOCK_EX|unix.LOCK_NB) != nil {
		if flock(fd, unix.LOCK_SH|unix.LOCK_NB) != nil || unix.Fstat(fd, &st) == nil && st.Nlink == 0 {
			return false, errSwept
		}
		return false, nil // somebody lives
	}
	// Two may sweep: the first one unlinks, and the name may be used again
	// before the second one comes here, holding the lock of the old file.
	id := identOf(&st)
	if unix.Lstat(path, &st) != nil || identOf(&st) != id || !marked(&st) {
		return false, nil
	}
	if !remove {
		return true, nil
	}
	if err := unix.Unlink(path); err != nil && err != unix.ENOENT {
		return false, err
	}
	return true, nil
}

// marked reports whether a file is a tracked block of this user.
func marked(st *unix.Stat_t) bool {
	return st.Mode&unix.S_IFMT == unix.S_IFREG && st.Mode&unix.S_ISVTX != 0 &&
		st.Mode&^(unix.S_IFMT|modeTracked) == 0 && st.Uid == uint32(os.Geteuid())
}

// removeIf unlinks name if it is still that of the block id. The lock keeps
// those who sweep away meanwhile: else one might do so between the look and the
// unlink, and somebody else use the name again.
func removeIf(name string, id ident) {
	path := shmDir + "/" + name
	fd, err := open(path, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	if flock(fd, unix.LOCK_SH|unix.LOCK_NB) != nil {
		return // is being swept
	}
	var st unix.Stat_t
	if unix.Lstat(path, &st) == nil && identOf(&st) == id {
		unix.Unlink(path)
	}
}

// supported says whether there can be blocks here.
func supported() error { return nil }
