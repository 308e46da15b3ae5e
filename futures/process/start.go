package process

import (
	"fmt"
	"os"
	"strings"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/child"
	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/remote"
	"github.com/conexgo/conex/internal/self"
	"github.com/conexgo/conex/internal/shm"
	"github.com/conexgo/conex/internal/wait"
	"github.com/conexgo/conex/internal/wire"
	iworker "github.com/conexgo/conex/internal/worker"
)

// Launch implements [crew.Link].
func (w *worker) Launch() (c *child.Child, err error) {
	conn, theirs, err := wait.Pair()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	defer func() {
		if err != nil {
			conn.Close()
		}
	}()
	if w.mem, err = shm.New(memorySize); err != nil {
		return nil, err
	}
	stdout, stderr, started, err := w.Streams()
	if err != nil {
		return nil, err
	}
	defer started()
	c, err = child.Start(child.Spec{
		Env:    iworker.Env(kind, w.p.cfg.Env),
		Files:  []*os.File{theirs, w.mem.File()},
		Stdout: stdout,
		Stderr: stderr,
	})
	if err != nil {
		return nil, fmt.Errorf("process: starting a worker: %w", err)
	}
	w.conn = conn
	w.open.Store(conn)
	return c, nil
}

// Greet implements [crew.Link]: it tells the new process what to do and waits
// until it is ready.
func (w *worker) Greet() error {
	p := w.p
	w.ctl = openControl(w.mem.Mem)
	h := hello{Name: p.cfg.Name, Table: wire.Describe(wire.Entries()), MaxMemory: p.cfg.MaxMemory, Log: int(p.engine.LogLevel()),
		Self: self.Hand(w.Name(), p.cfg.Daemon)}
	if !p.cfg.Init.IsZero() {
		var e codec.Encoder
		id, err := p.cfg.Init.Encode(&e)
		if err != nil {
			err = fmt.Errorf("%w: argument of the initialiser %q: %w", futures.ErrNotEncodable, p.cfg.Init.Name(), err)
			p.engine.Fail(err)
			return err
		}
		h.HasInit, h.Init, h.InitArg = true, id, e.Buf
		bufs := newBuffers(e.Handles)
		defer bufs.release()
		if h.InitMem, err = w.sendInit(bufs); err != nil {
			return err
		}
	}
	msg, err := codec.Append(nil, &h)
	if err != nil {
		return err
	}
	if err := w.conn.Send(msgHello, msg, nil); err != nil {
		return err
	}
	for {
		fr, _, err := w.conn.Recv(true)
		if err != nil {
			return err
		}
		if fr.Type == msgLog {
			w.log(fr.Payload)
		}
		if fr.Type != msgReady {
			continue
		}
		var r introduction
		if _, err := codec.Read(fr.Payload, &r); err != nil {
			return err
		}
		return w.accept(h, r)
	}
}

// sendInit sends what the argument of the initialiser refers to.
func (w *worker) sendInit(b *buffers) (ids []uint64, err error) {
	if b == nil {
		return nil, nil
	}
	for _, s := range b.list {
		if err := w.conn.Send(msgSegment, w.segmentMessage(s.ID, s.Size), s.File()); err != nil {
			return nil, err
		}
		ids = append(ids, s.ID)
	}
	return ids, nil
}

// accept looks at how the worker has introduced itself.
func (w *worker) accept(h hello, r introduction) error {
	p := w.p
	if r.Fault != "" {
		err := fmt.Errorf("process: worker: %s", r.Fault)
		p.engine.Fail(err)
		return err
	}
	if r.Init != nil {
		err, _, bad := remote.Read(r.Init)
		if bad != nil {
			err = bad
		}
		err = fmt.Errorf("process: initialiser %q: %w", p.cfg.Init.Name(), err)
		p.engine.Fail(err)
		return err
	}
	if r.Table != "" {
		w.funcs = match(h.Table, r.Table)
	}
	return nil
}

// match maps the pool's functions to the worker's, by name and signature.
// Both run the same program, so the tables differ only when a function is
// registered under some condition, or after initialisation.
func match(ours, theirs string) []int32 {
	index := make(map[string]int32)
	n := int32(0)
	for line := range strings.Lines(theirs) {
		index[line] = n
		n++
	}
	var funcs []int32
	for line := range strings.Lines(ours) {
		if id, ok := index[line]; ok {
			funcs = append(funcs, id)
		} else {
			funcs = append(funcs, -1)
		}
	}
	return funcs
}

// Serve implements [crew.Link]: it goes on until the end of file.
func (w *worker) Serve() {
	for {
		fr, _, err := w.conn.Recv(true)
		if err != nil {
			return
		}
		switch fr.Type {
		case wait.Bell:
			w.Lock()
			w.Drain()
			if !w.Dead() {
				w.rest()
			}
			w.Unlock()
		case msgLarge:
			w.Lock()
			if err := w.receiveLarge(fr.Payload); err != nil {
				w.Corrupt(err)
			} else if w.large != nil && !w.Dead() {
				w.Drain()
				w.rest()
			}
			w.Unlock()
		case msgShared:
			w.Lock()
			w.receiveShared(fr.Payload)
			w.Unlock()
		case msgLog:
			w.log(fr.Payload)
		}
	}
}
