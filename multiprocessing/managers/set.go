package managers

import (
	"slices"
	"sync"

	"github.com/conexgo/conex/pickle"
)

// SetType is Python's set: from an iterable, or empty. SyncManager has it since
// 3.14.
var SetType = newType(setClass, makeSet)

// A set is the referent of a SetProxy.
type set struct {
	mu sync.Mutex
	s  pickle.Set
}

func makeSet(c *call) (any, error) {
	if err := noKwds(c, "set"); err != nil {
		return nil, err
	}
	if err := expected("set", c.args, 0, 1); err != nil {
		return nil, err
	}
	s := &set{}
	_, err := s.update(c, c.args)
	return s, err
}

var setClass = &class{
	name: "set",
	exposed: []string{
		"__and__", "__contains__", "__iand__", "__ior__", "__isub__", "__iter__", "__ixor__",
		"__len__", "__or__", "__rand__", "__ror__", "__rsub__", "__rxor__", "__sub__", "__xor__",
		"__ge__", "__gt__", "__le__", "__lt__", "__eq__", "__ne__",
		"add", "clear", "copy", "difference", "difference_update", "discard", "intersection",
		"intersection_update", "isdisjoint", "issubset", "issuperset", "pop", "remove",
		"symmetric_difference", "symmetric_difference_update", "union", "update",
	},
	proxies: map[string]string{"__iter__": "Iterator"},
	methods: map[string]method{
		"__contains__": oneArg("set.__contains__", func(s *set, _ *call, v any) (any, error) { return s.has(v) }),
		"__iter__":     slot("__iter__", 0, (*set).iterate),
		"__len__":      slot("__len__", 0, func(s *set, _ *call, _ []any) (any, error) { return s.len(), nil }),
		"add":          oneArg("set.add", (*set).add),
		"clear":        noArgs("set.clear", (*set).clear),
		"copy":         noArgs("set.copy", func(s *set, _ *call) (any, error) { return s.snapshot(), nil }),
		"discard":      oneArg("set.discard", (*set).discard),
		"pop":          noArgs("set.pop", (*set).pop),
		"remove":       oneArg("set.remove", (*set).remove),

		"__and__": setOperator("__and__", intersection), "__rand__": setReflected("__rand__", intersection), "__iand__": setInPlace("__iand__", intersection),
		"__or__": setOperator("__or__", union), "__ror__": setReflected("__ror__", union), "__ior__": setInPlace("__ior__", union),
		"__sub__": setOperator("__sub__", difference), "__rsub__": setReflected("__rsub__", difference), "__isub__": setInPlace("__isub__", difference),
		"__xor__": setOperator("__xor__", symmetric), "__rxor__": setReflected("__rxor__", symmetric), "__ixor__": setInPlace("__ixor__", symmetric),

		"__eq__": setRelation("__eq__", func(a, b *pickle.Set) bool { return a.Len() == b.Len() && subset(a, b) }),
		"__ne__": setRelation("__ne__", func(a, b *pickle.Set) bool { return a.Len() != b.Len() || !subset(a, b) }),
		"__le__": setRelation("__le__", subset),
		"__lt__": setRelation("__lt__", func(a, b *pickle.Set) bool { return a.Len() < b.Len() && subset(a, b) }),
		"__ge__": setRelation("__ge__", func(a, b *pickle.Set) bool { return subset(b, a) }),
		"__gt__": setRelation("__gt__", func(a, b *pickle.Set) bool { return a.Len() > b.Len() && subset(b, a) }),

		"difference":           setMethod("set.difference", difference),
		"intersection":         setMethod("set.intersection", intersection),
		"union":                setMethod("set.union", union),
		"symmetric_difference": oneArg("set.symmetric_difference", (*set).symmetricDifference),

		"difference_update":           setUpdate("set.difference_update", difference),
		"intersection_update":         setUpdate("set.intersection_update", intersection),
		"symmetric_difference_update": oneArg("set.symmetric_difference_update", (*set).symmetricUpdate),
		"update":                      someArgs("set.update", 0, -1, (*set).update),

		"isdisjoint": oneArg("set.isdisjoint", (*set).isDisjoint),
		"issubset":   oneArg("set.issubset", (*set).isSubset),
		"issuperset": oneArg("set.issuperset", (*set).isSuperset),
	},
	repr:  func(self any) string { return pickle.Repr(self.(*set).snapshot()) },
	adopt: adoptSet,
	value: func(self any) (any, error) { return self.(*set).snapshot(), nil },
}

// iter is what list(s) has.
func (s *set) iter() []any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.AppendSeq(make([]any, 0, s.s.Len()), s.s.All())
}

func (s *set) snapshot() *pickle.Set {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.s.Clone()
}

func (s *set) len() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return int64(s.s.Len())
}

// frozen is v as what looks for an element: a set stands for the frozenset of
// the same elements, which may be one.
func frozen(v any) (any, error) {
	if s, ok := v.(*pickle.Set); ok {
		return pickle.NewFrozenSet(slices.Collect(s.All())...)
	}
	return v, pickle.Hashable(v)
}

func (s *set) has(v any) (any, error) {
	v, err := frozen(v)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.s.Has(v), nil
}

func (s *set) add(_ *call, v any) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return nil, s.s.Add(v)
}

func (s *set) clear(*call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.s.Clear()
	return nil, nil
}

func (s *set) discard(_ *call, v any) (any, error) {
	_, err := s.take(v)
	return nil, err
}

func (s *set) remove(_ *call, v any) (any, error) {
	ok, err := s.take(v)
	if err == nil && !ok {
		err = pickle.KeyError.New(v)
	}
	return nil, err
}

func (s *set) take(v any) (bool, error) {
	v, err := frozen(v)
	if err != nil {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.s.Discard(v), nil
}

// pop takes the element that has been there for the longest time, which is as
// good as any.
func (s *set) pop(*call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for v := range s.s.All() {
		s.s.Discard(v)
		return v, nil
	}
	return nil, pickle.KeyError.New("pop from an empty set")
}

// iterate is iter(s). The iterator ends with an error if elements come or go.
func (s *set) iterate(*call, []any) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	items := slices.AppendSeq(make([]any, 0, s.s.Len()), s.s.All())
	return iterateChecked("set_iterator", items, func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.s.Len() != len(items) {
			return pickle.RuntimeError.New("Set changed size during iteration")
		}
		return nil
	}), nil
}
