package multiprocessing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/handle"
	"github.com/conexgo/conex/internal/wire"
)

// An action is what the last party calls.
type action func(ctx context.Context) error

// An encodedAction is how a process got an action: by the function and its
// argument, or as bytes from another process.
type encodedAction struct {
	bound   conex.Bound
	id      uint64 // of the function, and 1; 0: none
	arg     []byte
	handles func(uint64) (any, error)
	number  int // of handles
}

// AppendHandle makes a *Barrier travel. It is for the codec.
func (b *Barrier) AppendHandle(e *codec.Encoder) error {
	s := b.s
	if s == nil {
		return errZeroLock
	}
	if err := s.base.Append(e); err != nil {
		return err
	}
	e.Uvarint(uint64(s.parties))
	e.Uvarint(uint64(s.timeout + 1))
	return s.sent.append(e)
}

// append writes the action. Its argument is encoded for itself, since what is
// beside the bytes is numbered.
func (a *encodedAction) append(e *codec.Encoder) error {
	if a.bound.IsZero() {
		if a.number > 0 {
			return errActionHandles
		}
		e.Uvarint(a.id)
		if a.id != 0 {
			e.AppendString(string(a.arg))
			e.Uvarint(0)
		}
		return nil
	}
	var own codec.Encoder
	id, err := a.bound.Encode(&own)
	if err != nil {
		return fmt.Errorf("multiprocessing: the action of the barrier: %w", err)
	}
	e.Uvarint(uint64(id) + 1)
	e.AppendString(string(own.Buf))
	e.Uvarint(uint64(len(own.Handles)))
	if len(own.Handles) > 0 {
		e.Uvarint(uint64(len(e.Handles)))
		e.Handles = append(e.Handles, own.Handles...)
	}
	return nil
}

// ReadHandle is the other half of AppendHandle.
func (b *Barrier) ReadHandle(d *codec.Decoder) error {
	block, err := readBlock(d, barrierSize(1))
	if err != nil {
		return err
	}
	parties, e1 := d.Uvarint()
	timeout, e2 := d.Uvarint()
	a, e3 := readAction(d)
	if err := errors.Join(e1, e2, e3); err != nil {
		return err
	}
	if parties < 1 || parties > MaxParties || len(block.Mem()) < barrierSize(int(parties)) || int64(timeout) < 0 {
		return fmt.Errorf("%w: a barrier for %d parties in %d bytes", handle.ErrCorrupt, parties, len(block.Mem()))
	}
	return b.open(block, barrierConfig{parties: int(parties), timeout: time.Duration(timeout) - 1}, a)
}

func readAction(d *codec.Decoder) (a encodedAction, err error) {
	if a.id, err = d.Uvarint(); err != nil || a.id == 0 {
		return a, err
	}
	n, err := d.Uvarint()
	if err != nil {
		return a, err
	}
	if n > uint64(len(d.Buf)) {
		return a, fmt.Errorf("%w: an action's argument of %d bytes", handle.ErrCorrupt, n)
	}
	a.arg = append([]byte(nil), d.Buf[:n]...)
	d.Buf = d.Buf[n:]
	number, err := d.Uvarint()
	if err != nil || number == 0 {
		return a, err
	}
	first, err := d.Uvarint()
	if err != nil {
		return a, err
	}
	if d.Handles == nil || number > 1<<20 || first > 1<<32 {
		return a, fmt.Errorf("%w: an action with %d handles", handle.ErrCorrupt, number)
	}
	all := d.Handles
	a.number = int(number)
	a.handles = func(i uint64) (any, error) {
		if i >= number {
			return nil, fmt.Errorf("%w: handle %d of an action that has %d", handle.ErrCorrupt, i, number)
		}
		return all(first + i)
	}
	return a, nil
}

// open returns the function with its argument, or nil if there is none.
func (a *encodedAction) open() (action, error) {
	if !a.bound.IsZero() {
		return a.bound.Call, nil
	}
	if a.id == 0 {
		return nil, nil
	}
	table := wire.Entries()
	if a.id > uint64(len(table)) {
		return nil, fmt.Errorf("%w: an action that is function %d of %d", handle.ErrCorrupt, a.id-1, len(table))
	}
	d := codec.Decoder{Buf: a.arg, Handles: a.handles}
	f, err := table[a.id-1].Read(&d)
	if err != nil {
		return nil, fmt.Errorf("multiprocessing: the action of the barrier: %w", err)
	}
	a.handles = nil // they end with the message
	return f, nil
}
