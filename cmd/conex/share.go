package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/conexgo/conex/multiprocessing/managers"
)

// A kind is what can be shared by name.
type kind struct {
	name string
	ty   *managers.Type
	arg  argument
	kept bool // a snapshot has it
}

// An argument is what N means for a kind.
type argument int

const (
	noArgument argument = iota
	mayHave             // a number, which may be left out
	mustHave            // a number, which is needed
)

var kinds = []kind{
	{"queue", managers.QueueType, mayHave, true},
	{"dict", managers.DictType, noArgument, true},
	{"list", managers.ListType, noArgument, true},
	{"set", managers.SetType, noArgument, true},
	{"lock", managers.LockType, noArgument, false},
	{"rlock", managers.RLockType, noArgument, false},
	{"semaphore", managers.SemaphoreType, mayHave, false},
	{"event", managers.EventType, noArgument, false},
	{"condition", managers.ConditionType, noArgument, false},
	{"barrier", managers.BarrierType, mustHave, false},
	{"namespace", managers.NamespaceType, noArgument, false},
}

func kindNames() string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.name
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// A share is one -share.
type share struct {
	kind
	as   string
	args []any
}

// shares is the flag.
type shares []share

func (s *shares) String() string { return "" }

func (s *shares) Set(text string) error {
	kindName, rest, ok := strings.Cut(text, ":")
	if !ok {
		return errors.New("it must be KIND:NAME, as queue:jobs")
	}
	name, number, numbered := strings.Cut(rest, ":")
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == kindName })
	if i < 0 {
		return fmt.Errorf("there is no kind %q: it must be one of %s", kindName, kindNames())
	}
	sh := share{kind: kinds[i], as: name}
	if err := checkName(name); err != nil {
		return err
	}
	if slices.ContainsFunc(*s, func(o share) bool { return o.as == name }) {
		return fmt.Errorf("%q is shared already", name)
	}
	switch {
	case numbered && sh.arg == noArgument:
		return fmt.Errorf("a %s takes no number: %s:%s", kindName, kindName, name)
	case !numbered && sh.arg == mustHave:
		return fmt.Errorf("a %s needs a number: %s:%s:2", kindName, kindName, name)
	case numbered:
		n, err := strconv.ParseInt(number, 10, 32)
		if err != nil || n < 0 {
			return fmt.Errorf("%q is no number", number)
		}
		sh.args = []any{n}
	}
	*s = append(*s, sh)
	return nil
}

// kept reports whether a snapshot would have anything.
func (s shares) kept() bool { return slices.ContainsFunc(s, func(sh share) bool { return sh.kept }) }

// types returns what the server serves.
func (s shares) types() *managers.Types {
	types := managers.NewTypes("", managers.SyncTypes)
	for _, sh := range s {
		types.Register(sh.as, sh.ty, managers.Shared(sh.args...))
	}
	return types
}

// taken are the names that a method of Python's managers has.
var taken = []string{"address", "connect", "get_server", "join", "register", "shutdown", "start"}

// keywords are names that no method in Python can have.
var keywords = strings.Fields(`False None True and as assert async await break class continue def del elif else
	except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield`)

// checkName sees to it that m.name() is what Python can say, and says something new.
func checkName(name string) error {
	ok := name != "" && name[0] != '_' && (name[0] < '0' || name[0] > '9')
	for _, r := range name {
		ok = ok && (r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z')
	}
	switch {
	case !ok || slices.Contains(keywords, name):
		return fmt.Errorf("%q cannot be a name: it must be letters, digits and _, and begin with a letter", name)
	case slices.Contains(taken, name):
		return fmt.Errorf("%q cannot be a name: managers have a method that is called so", name)
	case slices.Contains(managers.SyncTypes.TypeIDs(), name):
		return fmt.Errorf("%q cannot be a name: SyncManager makes objects by it", name)
	}
	return nil
}
