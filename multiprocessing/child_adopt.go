//go:build unix

package multiprocessing

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/inherit"
	"github.com/conexgo/conex/internal/propagate"
	"github.com/conexgo/conex/internal/wire"

	"golang.org/x/sys/unix"
)

// adopt makes a process of the stock what one started now would be.
func (s *server) adopt(h *hello) error {
	for role, f := range s.files {
		var err error
		switch role {
		case roleStdout, roleStderr:
			err = replace(int(f.Fd()), int(role))
		case roleDir:
			err = unix.Fchdir(int(f.Fd()))
		}
		f.Close()
		if err != nil {
			return fmt.Errorf("taking over descriptor or directory %d: %w", role, err)
		}
	}
	s.files = nil
	if h.HasUmask {
		unix.Umask(h.Umask)
	}
	if !h.HasEnv {
		return nil
	}
	os.Clearenv()
	for _, v := range h.Env {
		if name, value, ok := strings.Cut(v, "="); ok {
			os.Setenv(name, value)
		}
	}
	return nil
}

// rehearse goes through what a process of the stock will have to do, as far as
// that can be taken back, so that the code is in memory and the plans of the
// messages are made when it counts.
func (s *server) rehearse() {
	b, err := codec.Append(nil, &hello{Self: me.complete(inherited{Name: me.name, Key: make([]byte, 32), Identity: []int{1}}), Handles: []uint32{}})
	if err != nil {
		return
	}
	h, i := new(hello), new(inherited)
	if _, err := codec.Read(b, h); err != nil {
		return
	}
	if _, err := codec.Read(h.Self, i); err != nil {
		return
	}
	_ = guard(func() error {
		ctx, err := propagate.Extract(s.root(), nil)
		inherit.Own(ctx)
		wire.Lookup("")
		return err
	})
}

// preload runs functions ahead of need. Their context is the main thread's.
func (s *server) preload(list preload) {
	s.work.Lock()
	defer s.work.Unlock()
	s.rehearse()
	var failed []error
	for _, f := range list.Funcs {
		if err := s.preloadOne(f); err != nil {
			failed = append(failed, fmt.Errorf("%q: %w", f.Name, err))
		}
	}
	text := ""
	if err := errors.Join(failed...); err != nil {
		text = err.Error()
	}
	s.conn.Send(msgPreloaded, []byte(text), nil)
}

func (s *server) preloadOne(f preloadFunc) error {
	fn := wire.Lookup(f.Name)
	if fn == nil || fn.Sig != f.Sig {
		return errors.New("the child does not know this function: call conex.Register while the program initialises")
	}
	return guard(func() error {
		call, err := fn.Read(&codec.Decoder{Buf: f.Arg})
		if err != nil {
			return err
		}
		return call(inherit.Own(s.root()))
	})
}
