package wire

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/inherit"
)

// An Entry is a registered function as a worker sees it: without its types.
// It is immutable once registered.
type Entry struct {
	Name string // as given to conex.Register
	Sig  string // "main.Job → string", compared at hello
	ID   uint32 // position in the table, in order of registration; see Foreign for others

	// ArgFlat and ResFlat are the sizes of arguments and results whose
	// bytes are their memory image, else 0. When both are set RunFlat is too.
	ArgFlat, ResFlat int

	// Err says why this function cannot be sent to another process: its
	// argument or result has a type that cannot be encoded. Nil if it can.
	Err error

	// Engine is who alone runs the function: "" for a function of this
	// program, "python" for one of Python. Check compares it.
	Engine string

	// Of a foreign function, which has none of the fields below: Key is how
	// its engine names it to a worker, Flags are for the engine too, and
	// Elsewhere is the error of all other engines.
	Key       []byte
	Flags     uint16
	Elsewhere error

	// RunOne decodes one argument from d, calls the function and appends
	// the result to e. A panic passes through. encoding tells an error of
	// the result's encoding from one that the function returned.
	RunOne func(ctx context.Context, d *codec.Decoder, e *codec.Encoder) (err error, encoding bool)

	// Read decodes one argument from d and returns the call of the function
	// with it, whose result is dropped. A panic passes through.
	Read func(d *codec.Decoder) (call func(context.Context) error, err error)

	// RunFlat calls the function on n flat arguments and stores n flat
	// results. It returns how many succeeded; err belongs to the item
	// after those. It stops early, with a nil error, once m.Stop is set.
	RunFlat func(ctx context.Context, args, results []byte, n int, m *Meter) (done int, err error)
}

// A Meter shows, to another process, how far RunFlat has come.
type Meter struct {
	// Progress is a word in shared memory: the number of the item begun
	// last. It is stored before the item starts and after the result of
	// the item before it.
	Progress *uint64
	Base     uint64 // the number of the first item of this run
	Stop     uint32 // set (atomically) from outside to end the run after the current item

	// Vars are the context variables of which each item gets a copy.
	Vars inherit.Values
}

var table struct {
	sync.RWMutex
	byName map[string]*Entry
	list   []*Entry
}

// Add puts e into the table and gives it its ID. A name that is empty or
// taken is a programmer's error.
func Add(e *Entry) {
	table.Lock()
	defer table.Unlock()
	if e.Name == "" {
		panic("conex: Register with an empty name")
	}
	if old := table.byName[e.Name]; old != nil {
		panic(fmt.Sprintf("conex: function %q registered twice (first as %s, now as %s)", e.Name, old.Sig, e.Sig))
	}
	if table.byName == nil {
		table.byName = make(map[string]*Entry)
	}
	e.ID = uint32(len(table.list))
	table.byName[e.Name] = e
	table.list = append(table.list, e)
}

// Lookup returns the function registered under name, or nil.
func Lookup(name string) *Entry {
	table.RLock()
	defer table.RUnlock()
	return table.byName[name]
}

// Entries returns the table in order of registration. An Entry's ID is its
// index.
func Entries() []*Entry {
	table.RLock()
	defer table.RUnlock()
	return slices.Clip(table.list)
}

// Describe lists entries as lines "name\tsignature", the form in which two
// processes compare their tables.
func Describe(list []*Entry) string {
	var b strings.Builder
	for _, e := range list {
		b.WriteString(e.Name)
		b.WriteByte('\t')
		b.WriteString(e.Sig)
		b.WriteByte('\n')
	}
	return b.String()
}
