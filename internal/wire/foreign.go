package wire

import (
	"fmt"
	"math"
	"sync"

	"github.com/conexgo/conex/internal/codec"
)

// A Coding is how arguments of a foreign function become bytes, and bytes its
// results: in the format of its engine.
type Coding[A, R any] struct {
	// AppendArg appends *a so that its end can be told from its bytes alone.
	AppendArg func(e *codec.Encoder, a *A) error

	// ReadResult takes all of d.
	ReadResult func(d *codec.Decoder, r *R) error

	// SizeHint guesses the encoded size of a; nil has no idea.
	SizeHint func(a *A) int
}

func (c *Coding[A, R]) sizeHint(a *A) int {
	if c.SizeHint == nil {
		return 0
	}
	return c.SizeHint(a)
}

// Foreign makes a function that only one engine runs, outside of this program
// and of the table of its functions. The ID is a number for each key of an
// engine, from 0 on, good as an index of what the engine keeps about functions.
// elsewhere is what other engines answer; it names the function and the engine.
//
// Foreign keeps no more than the key: who makes functions again and again keeps
// them.
func Foreign[A, R any](name, engine string, key []byte, coding Coding[A, R], elsewhere error) *Func[A, R] {
	f := &Func[A, R]{foreign: &coding}
	f.Name, f.Engine, f.Key, f.Elsewhere = name, engine, key, elsewhere
	f.ID = foreignID(engine, string(key))
	return f
}

// Check returns nil for the engine that runs e, the reason for every other, and
// Err if e cannot be sent at all.
func (e *Entry) Check(engine string) error {
	switch {
	case e.Engine == engine:
		return e.Err
	case e.Elsewhere != nil:
		return e.Elsewhere
	}
	return fmt.Errorf("%q is a function of Go: it runs in pools of the packages futures and futures/process", e.Name)
}

// NoID is the ID of what came after very many others.
const NoID = math.MaxUint32

// maxForeign bounds the numbers: programs that make up keys as they go should
// not keep all of them for ever.
const maxForeign = 1 << 14

type foreignKey struct{ engine, key string }

var foreign struct {
	sync.Mutex
	ids  map[foreignKey]uint32
	next map[string]uint32 // by engine
}

// foreignID returns the number of a key.
func foreignID(engine, key string) uint32 {
	k := foreignKey{engine, key}
	foreign.Lock()
	defer foreign.Unlock()
	if id, ok := foreign.ids[k]; ok {
		return id
	}
	if foreign.ids == nil {
		foreign.ids, foreign.next = make(map[foreignKey]uint32), make(map[string]uint32)
	}
	id := foreign.next[engine]
	if id == maxForeign {
		return NoID
	}
	foreign.ids[k] = id
	foreign.next[engine]++
	return id
}
