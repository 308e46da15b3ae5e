package handle

import (
	"runtime"
	"sync"
	"weak"
)

// Locals are what this process keeps of the objects of one kind: one T for
// each Block, however often the object has come here. The zero value is ready.
type Locals[T any] struct {
	mu sync.Mutex
	m  map[Key]weak.Pointer[T]
}

// Get returns the T of b, made by make if there is none. A T lives as long as
// somebody has it; it should hold its Block.
func (l *Locals[T]) Get(b *Block, make func() (*T, error)) (*T, error) {
	k := b.Key()
	l.mu.Lock()
	defer l.mu.Unlock()
	if t := l.m[k].Value(); t != nil {
		return t, nil
	}
	t, err := make()
	if err != nil {
		return nil, err
	}
	if l.m == nil {
		l.m = map[Key]weak.Pointer[T]{}
	}
	w := weak.Make(t)
	l.m[k] = w
	runtime.AddCleanup(t, func(k Key) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.m[k] == w {
			delete(l.m, k)
		}
	}, k)
	return t, nil
}
