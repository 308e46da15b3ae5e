package managers

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/conexgo/conex/pickle"
	"github.com/conexgo/conex/queue"
	"github.com/conexgo/conex/threading"
)

// pickling returns how a Manager writes requests and reads answers.
func (m *Manager) pickling() (encode, decode pickle.Config) {
	return pickle.Config{Classes: m.cfg.Classes}, pickle.Config{MaxBytes: m.cfg.MaxMessage, Classes: m.cfg.Classes}
}

// answer reads an answer. The bytes may be used again afterwards, unless they
// are more than aliased.
func (m *Manager) answer(b []byte, to string) (any, error) {
	if v, ok := plainAnswer(b); ok {
		return v, nil
	}
	cfg := m.decode
	cfg.NoCopy = len(b) > aliased
	var v any
	if err := cfg.Unmarshal(b, &v); err != nil {
		return nil, fmt.Errorf("%w: to %s: %w", ErrProtocol, to, err)
	}
	t, ok := v.(pickle.Tuple)
	if !ok || len(t) != 2 {
		return nil, badAnswer(to, v)
	}
	switch t[0] {
	case "#RETURN":
		return t[1], nil
	case "#ERROR":
		if e, ok := t[1].(*pickle.Exception); ok {
			return nil, raised(e)
		}
		if o, ok := t[1].(*pickle.Object); ok {
			return nil, &ObjectError{o}
		}
	case "#TRACEBACK", "#UNSERIALIZABLE":
		if s, ok := t[1].(string); ok {
			return nil, &RemoteError{Kind: t[0].(string), Text: s}
		}
	case "#PROXY":
		if p, ok := m.answeredProxy(t[1]); ok {
			return p, nil
		}
	}
	return nil, badAnswer(to, v)
}

// An ObjectError is an exception of a class that is not known here: one of the
// Python program's own. errors.As finds it.
type ObjectError struct {
	Object *pickle.Object // its class and what it was made with
}

func (e *ObjectError) Error() string {
	return e.Object.Name() + ": " + pickle.ReprMax(e.Object.Args, 1000)
}

// standins has the exceptions that are errors of this library, too.
var standins = []struct {
	class *pickle.ExceptionClass
	as    error
}{
	{pickle.QueueEmpty, queue.ErrEmpty},
	{pickle.QueueFull, queue.ErrFull},
	{pickle.QueueShutDown, queue.ErrShutDown},
	{pickle.BrokenBarrierError, threading.ErrBrokenBarrier},
	{pickle.NotImplementedError, errors.ErrUnsupported},
}

// raised returns an exception as the error that it is here.
func raised(e *pickle.Exception) error {
	for _, s := range standins {
		if errors.Is(e, s.class) && !errors.Is(e, s.as) {
			return &aliasError{e, s.as}
		}
	}
	return e
}

// returnHead begins the answers of both kinds of servers that are values.
var returnHead = []byte("\x8c\x07#RETURN")

// plainAnswer reads an answer that is a value without parts, as most are,
// without the machinery for all the others.
func plainAnswer(b []byte) (v any, ok bool) {
	if len(b) < 16 || string(b[:2]) != opProto || len(b) > 4<<10 {
		return nil, false
	}
	b = b[len(opProto):]
	if b[0] == opFrame {
		if binary.LittleEndian.Uint64(b[1:]) != uint64(len(b)-9) {
			return nil, false
		}
		b = b[9:]
	}
	if !bytes.HasPrefix(b, returnHead) {
		return nil, false
	}
	if b = b[len(returnHead):]; len(b) > 0 && b[0] == opMemoize {
		b = b[1:]
	}
	if len(b) < 3 {
		return nil, false
	}
	op := b[0]
	b = b[1:]
	n := 0
	switch op {
	case opNone:
	case opTrue:
		v = true
	case opFalse:
		v = false
	case opInt1:
		v, n = int64(b[0]), 1
	case opInt2:
		v, n = int64(binary.LittleEndian.Uint16(b)), 2
	case opInt:
		if len(b) < 4 {
			return nil, false
		}
		v, n = int64(int32(binary.LittleEndian.Uint32(b))), 4
	case opFloat:
		if len(b) < 8 {
			return nil, false
		}
		v, n = math.Float64frombits(binary.BigEndian.Uint64(b)), 8
	case opStr1:
		if n = 1 + int(b[0]); len(b) < n || !utf8.Valid(b[1:n]) {
			return nil, false
		}
		v = string(b[1:n])
	default:
		return nil, false
	}
	b = b[n:]
	if len(b) > 0 && b[0] == opMemoize {
		b = b[1:]
	}
	return v, bytes.Equal(b, endPair) || bytes.Equal(b, endPairMemo)
}

var (
	endPair     = []byte("\x86.")
	endPairMemo = []byte("\x86\x94.")
)

// holdsProxies tells quickly that an answer has no proxies in it.
func holdsProxies(b []byte) bool { return bytes.Contains(b, []byte("RebuildProxy")) }
