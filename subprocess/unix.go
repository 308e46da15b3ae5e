package subprocess

import (
	"io/fs"

	"github.com/conexgo/conex"
)

// Unix is what a Cmd can say only where there are Unix processes. The zero value
// changes nothing.
type Unix struct {
	// NewSession runs the program in a session, and so a process group, of its
	// own: Python's start_new_session.
	NewSession bool

	// ProcessGroup, if not nil, is the group that the program joins, 0 for a new
	// one. Without it the program has a group of its own, unless it reads from a
	// terminal: then it stays in ours, for who is in another one is stopped when
	// it reads. In a group that is not its own, what it leaves behind at its end
	// is not found.
	ProcessGroup *int

	// User and Group are whom the program runs as, names or numbers; ExtraGroups,
	// if not nil, the only other groups that it has. They take privileges. Each
	// changes itself alone, as in Python: who gives up rights should set all
	// three. Names are those of /etc/passwd and /etc/group; who is known to a
	// directory service alone needs a number.
	User, Group string
	ExtraGroups []string

	// Umask, if not nil, is the file mode creation mask (Linux).
	Umask *fs.FileMode

	// KeepSignals leaves ignored in the program what this one ignores of
	// SIGPIPE and SIGXFSZ: Python's restore_signals=False. Of the other signals
	// those that we handle have their defaults, those that we ignore stay
	// ignored.
	KeepSignals bool

	// PreExec, if not nil, runs in the new process before the program, in a copy
	// of this one that is started for it: Python's preexec_fn, without its
	// dangers, but some milliseconds. The program needs conex.Main or conex.Init.
	// If the function fails, Start does, and the end of ctx ends it. What is set
	// in the Cmd is set already, but for Limits, which a Go program might not
	// survive. The program has the environment that the function leaves.
	PreExec *conex.Bound

	// Cgroup, if not empty, is a directory of the version 2 hierarchy in which
	// this program may make control groups (Linux). The program gets one of its
	// own, nothing that it starts can leave it, and killing the tree is one write
	// to it. It is removed at the end.
	Cgroup string
}
