package subprocess

import (
	"context"
	"maps"
	"os"
	"slices"

	"github.com/conexgo/conex/internal/subproc"
)

// find resolves the plan. If ctx has commands that a test plays, and the program
// is one of them, it need not be anywhere: find returns how it is played.
func (l *plan) find(ctx context.Context) (subproc.Play, error) {
	player := subproc.From(ctx)
	if player == nil {
		return nil, l.resolve()
	}
	s := subproc.Start{Cmd: l.cmd.copy(), Program: l.cmd.program(), Args: l.cmd.Args, Env: l.cmd.Env}
	if l.cmd.shell {
		s.Args = l.cmd.shellArgs()
		if s.Args[0] == "" {
			s.Args[0] = "sh" // a Windows, whose cmd.exe need not be there either
		}
		s.Program = s.Args[0]
	}
	if s.Env == nil {
		s.Env = os.Environ()
	}
	s.Args, s.Env = slices.Clone(s.Args), slices.Clone(s.Env)
	play, err := player.Find(ctx, s)
	if err == nil && play == nil {
		return nil, l.resolve()
	}
	l.path, l.args, l.env = s.Program, s.Args, s.Env // for the audit
	return play, err
}

// copy returns a Cmd that shares nothing with c that the caller of Start may
// change.
func (c *Cmd) copy() Cmd {
	d := *c
	d.Args, d.Env = slices.Clone(c.Args), slices.Clone(c.Env)
	d.Input, d.Secrets = slices.Clone(c.Input), slices.Clone(c.Secrets)
	d.ExtraFiles = maps.Clone(c.ExtraFiles)
	return d
}

// play starts a program that is played, with descriptors of its own, like a
// process's.
func (l *plan) play(play subproc.Play) (process, error) {
	files := subproc.Files{Extra: map[int]*os.File{}}
	dup := func(f *os.File) (*os.File, error) {
		return subproc.Dup(f, slices.Contains(l.ours, f))
	}
	for i, f := range []*os.File{l.stdin, l.stdout, l.stderr} {
		if f == nil {
			// As in package child, nil is the null device.
			null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
			if err != nil {
				files.Close()
				return nil, err
			}
			files.Std[i] = null
			continue
		}
		d, err := dup(f)
		if err != nil {
			files.Close()
			return nil, err
		}
		files.Std[i] = d
	}
	for n, f := range l.cmd.ExtraFiles {
		if f == nil {
			continue
		}
		d, err := dup(f)
		if err != nil {
			files.Close()
			return nil, err
		}
		files.Extra[n] = d
	}
	return play(files)
}
