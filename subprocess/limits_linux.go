package subprocess

import (
	"time"

	"golang.org/x/sys/unix"
)

// A limit is one of [Limits] as the system has it.
type limit struct {
	field    string
	resource int
	cur, max uint64
}

// list are the limits that are set.
func (l *Limits) list() []limit {
	var out []limit
	add := func(field string, resource int, n int64) {
		if n > 0 {
			out = append(out, limit{field, resource, uint64(n), uint64(n)})
		}
	}
	add("Limits.Memory", unix.RLIMIT_DATA, l.Memory)
	if l.CPU > 0 {
		// At the first limit there is a SIGXCPU, which a program may handle, at
		// the second SIGKILL.
		s := uint64((l.CPU + time.Second - 1) / time.Second)
		out = append(out, limit{"Limits.CPU", unix.RLIMIT_CPU, s, s + 1})
	}
	add("Limits.Files", unix.RLIMIT_NOFILE, int64(l.Files))
	add("Limits.FileSize", unix.RLIMIT_FSIZE, l.FileSize)
	add("Limits.Processes", unix.RLIMIT_NPROC, int64(l.Processes))
	if l.Core < 0 {
		out = append(out, limit{"Limits.Core", unix.RLIMIT_CORE, 0, 0})
	}
	add("Limits.Core", unix.RLIMIT_CORE, l.Core)
	return out
}

// set limits a process, 0 for this one. Who may not raise the limits that there
// are (the hard ones) is told so.
func (l limit) set(pid int) error {
	var old unix.Rlimit
	if err := unix.Prlimit(pid, l.resource, nil, &old); err != nil {
		return bad(l.field, "%w", err)
	}
	want := unix.Rlimit{Cur: l.cur, Max: l.max}
	if l.resource == unix.RLIMIT_CPU && want.Max > old.Max && want.Cur <= old.Max {
		want.Max = old.Max
	}
	if err := unix.Prlimit(pid, l.resource, &want, nil); err != nil {
		if want.Max > old.Max {
			return bad(l.field, "%d: more than the %d that we may have ourselves: %w", want.Max, old.Max, err)
		}
		return bad(l.field, "%w", err)
	}
	return nil
}

// limitTraced limits a process that has been stopped as it executed its program,
// before the program's first instruction, and lets it go. The calling thread is
// the one that started it. After an error the process is to be killed.
func limitTraced(pid int, l *Limits) error {
	for {
		var status unix.WaitStatus
		_, err := unix.Wait4(pid, &status, unix.WALL, nil)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return bad("Limits", "the program cannot be stopped to set them: %w", err)
		case !status.Stopped():
			return bad("Limits", "the program has ended before they were set")
		}
		break
	}
	for _, one := range l.list() {
		if err := one.set(pid); err != nil {
			return err
		}
	}
	if err := unix.PtraceDetach(pid); err != nil {
		return bad("Limits", "the program cannot be let go after they were set: %w", err)
	}
	return nil
}

// apply limits this process, on its way to being another program.
func (l *Limits) apply() error {
	for _, one := range l.list() {
		if err := one.set(0); err != nil {
			return err
		}
	}
	return nil
}
