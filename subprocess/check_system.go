package subprocess

import (
	"errors"
	"fmt"
	"math"
	"strconv"
)

// checkUnix is for the values of Unix.
func (c *Cmd) checkUnix() error {
	u := &c.Unix
	if g := u.ProcessGroup; g != nil {
		switch {
		case *g < 0:
			return bad("Unix.ProcessGroup", "%d is negative: it must be a group's number, or 0 for a new one", *g)
		case *g > math.MaxInt32:
			return bad("Unix.ProcessGroup", "%d is no number of a group: it is too big", *g)
		case u.NewSession:
			return bad("Unix.ProcessGroup", "NewSession is set, too: a new session has a group of its own")
		case c.Detach:
			return bad("Unix.ProcessGroup", "Detach is set, too: it makes a new session, with a group of its own")
		}
	}
	if err := checkID("Unix.User", u.User); err != nil {
		return err
	}
	if err := checkID("Unix.Group", u.Group); err != nil {
		return err
	}
	for i, group := range u.ExtraGroups {
		field := fmt.Sprintf("Unix.ExtraGroups[%d]", i)
		if group == "" {
			return bad(field, "empty: it must be a group's name or number")
		}
		if err := checkID(field, group); err != nil {
			return err
		}
	}
	if m := u.Umask; m != nil && *m&^0o777 != 0 {
		return bad("Unix.Umask", "%#o is more than 0777: it may have the bits of permissions only", uint32(*m))
	}
	if u.PreExec != nil && u.PreExec.IsZero() {
		return bad("Unix.PreExec", "no call: make it with Func.Bind, or leave it nil")
	}
	if u.Cgroup != "" && c.Detach {
		return bad("Unix.Cgroup", "Detach is set, too: a control group ends with us, what is detached does not")
	}
	return checkNUL(u.Cgroup, "Unix.Cgroup")
}

// checkID is for the name or number of a user or a group. Whether there is one
// is not asked here.
func checkID(field, id string) error {
	if n, err := strconv.ParseInt(id, 10, 64); err == nil && (n < 0 || n >= math.MaxUint32) {
		return bad(field, "%d is no number of a user or a group: they are from 0 to %d", n, uint32(math.MaxUint32-1))
	}
	return checkNUL(id, field)
}

// checkSystem refuses what the system has not got.
func (c *Cmd) checkSystem(system string) error {
	windows := system == "windows"
	unix := !windows && system != "plan9" && system != "js" && system != "wasip1"
	linux := system == "linux"
	u, w, l := &c.Unix, &c.Windows, &c.Limits
	for _, f := range []struct {
		field string
		set   bool
		here  bool
		where string
	}{
		{"ExtraFiles", len(c.ExtraFiles) > 0, unix, "Unix; on Windows name the handles in Windows.StartupInfo.HandleList"},
		{"KeepFiles", c.KeepFiles, unix, "Unix"},
		{"PTY", c.PTY != nil, linux, "Linux"},
		{"Limits.Memory", l.Memory != 0, linux, "Linux"},
		{"Limits.CPU", l.CPU != 0, linux, "Linux"},
		{"Limits.Files", l.Files != 0, linux, "Linux"},
		{"Limits.FileSize", l.FileSize != 0, linux, "Linux"},
		{"Limits.Processes", l.Processes != 0, linux, "Linux"},
		{"Limits.Core", l.Core != 0, linux, "Linux"},
		{"Unix.NewSession", u.NewSession, unix, "Unix"},
		{"Unix.ProcessGroup", u.ProcessGroup != nil, unix, "Unix"},
		{"Unix.User", u.User != "", unix, "Unix"},
		{"Unix.Group", u.Group != "", unix, "Unix"},
		{"Unix.ExtraGroups", u.ExtraGroups != nil, unix, "Unix"},
		{"Unix.Umask", u.Umask != nil, linux, "Linux"},
		{"Unix.KeepSignals", u.KeepSignals, unix, "Unix"},
		{"Unix.PreExec", u.PreExec != nil, unix, "Unix"},
		{"Unix.Cgroup", u.Cgroup != "", linux, "Linux"},
		{"Windows.CommandLine", w.CommandLine != "", windows, "Windows"},
		{"Windows.CreationFlags", w.CreationFlags != 0, windows, "Windows"},
		{"Windows.StartupInfo", w.StartupInfo != nil, windows, "Windows"},
		{"Args[1]", windows && c.shell && len(c.Args) > 1, false, "Unix, where a shell has $0, $1 and so on: write them into the command"},
	} {
		if f.set && !f.here {
			return &ArgumentError{Field: f.field, Err: errors.ErrUnsupported,
				Reason: fmt.Sprintf("not on %s: it is for %s", system, f.where)}
		}
	}
	return nil
}
