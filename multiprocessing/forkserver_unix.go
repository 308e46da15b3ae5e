//go:build unix

package multiprocessing

import (
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// settings are what a process has from the one that started it, and what that
// one may have changed since. Environment, working directory and umask are
// brought up to date in the child; for the rest a new process is started.
type settings struct {
	env             []string
	dev, ino        uint64 // of the working directory
	uid, gid        int
	euid, egid      int
	umask, priority int
	limits          [len(limits)]unix.Rlimit
}

// limits are those that a program lowers for its children.
var limits = [...]int{unix.RLIMIT_CORE, unix.RLIMIT_CPU, unix.RLIMIT_DATA, unix.RLIMIT_FSIZE, unix.RLIMIT_NOFILE, unix.RLIMIT_STACK, unix.RLIMIT_AS}

func currentSettings() (s settings) {
	s.env = os.Environ()
	var st unix.Stat_t
	if unix.Stat(".", &st) == nil {
		s.dev, s.ino = uint64(st.Dev), uint64(st.Ino)
	}
	s.uid, s.gid, s.euid, s.egid = unix.Getuid(), unix.Getgid(), unix.Geteuid(), unix.Getegid()
	s.umask = umask()
	s.priority, _ = unix.Getpriority(unix.PRIO_PROCESS, 0)
	for i, r := range limits {
		_ = unix.Getrlimit(r, &s.limits[i])
	}
	return s
}

// reachableFrom reports whether a process with settings old can be made one with
// s.
func (s *settings) reachableFrom(old settings) bool {
	return s.uid == old.uid && s.gid == old.gid && s.euid == old.euid && s.egid == old.egid &&
		s.priority == old.priority && s.limits == old.limits && s.sameRuntime(old)
}

// runtimeVars are read by the Go runtime when a program starts, and never again.
var runtimeVars = [...]string{"GODEBUG=", "GOGC=", "GOMAXPROCS=", "GOMEMLIMIT=", "GORACE=", "GOTRACEBACK=", "GOCOVERDIR="}

func (s *settings) sameRuntime(old settings) bool {
	if slices.Equal(s.env, old.env) {
		return true
	}
	for _, name := range runtimeVars {
		if value(s.env, name) != value(old.env, name) {
			return false
		}
	}
	return true
}

func value(env []string, name string) string {
	for _, v := range env {
		if len(v) > len(name) && v[:len(name)] == name {
			return v
		}
	}
	return ""
}

// update tells s what has changed since it was started. The standard streams
// always go along: there is no telling whether a descriptor is still the same.
func (s *standby) update(c *call) error {
	now := s.now
	for role, f := range map[byte]*os.File{roleStdout: os.Stdout, roleStderr: os.Stderr} {
		if err := s.sendFile(role, stream(f), os.DevNull); err != nil {
			return err
		}
	}
	if now.dev != s.born.dev || now.ino != s.born.ino {
		if err := s.sendFile(roleDir, nil, "."); err != nil {
			return err
		}
	}
	c.HasUmask, c.Umask = now.umask != s.born.umask, now.umask
	c.HasEnv, c.Env = false, nil
	if !slices.Equal(now.env, s.born.env) {
		c.HasEnv, c.Env = true, now.env
	}
	return nil
}

// sendFile sends f, or the file called otherwise if there is none.
func (s *standby) sendFile(role byte, f *os.File, otherwise string) error {
	if f == nil {
		var err error
		if f, err = os.OpenFile(otherwise, openDir(role), 0); err != nil {
			return refusal{err.Error()}
		}
		defer f.Close()
	}
	return s.link.conn.Send(msgFile, []byte{role}, f)
}

func openDir(role byte) int {
	if role == roleDir {
		return os.O_RDONLY | unix.O_DIRECTORY
	}
	return os.O_RDWR
}
