package queue

// A stack is the store of a LifoQueue.
type stack[T any] struct{ items []T }

func (s *stack[T]) Len() int { return len(s.items) }

func (s *stack[T]) Push(v T) error {
	s.items = append(s.items, v)
	return nil
}

func (s *stack[T]) Pop() (T, error) {
	last := len(s.items) - 1
	v := s.items[last]
	s.items = shrunk(s.items, last)
	return v, nil
}

func (s *stack[T]) drop() { s.items = nil }

// shrunk returns the first n of items. It clears the others, so that nothing
// they refer to is kept alive, and gives memory back when most of it is unused.
func shrunk[E any](items []E, n int) []E {
	clear(items[n:])
	items = items[:n]
	if c := cap(items); c > 64 && n <= c/4 {
		items = append(make([]E, 0, c/2), items...)
	}
	return items
}
