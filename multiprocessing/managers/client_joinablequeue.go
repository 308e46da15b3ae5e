package managers

import "context"

// A JoinableQueue is a [Queue]: those of managers can all be joined. It has a
// typeid of its own in Python, under which it is made.
type JoinableQueue[T any] struct{ Queue[T] }

// NewJoinableQueue makes a queue for at most maxsize items; 0 means any number.
func NewJoinableQueue[T any](ctx context.Context, m *Manager, maxsize int) (*JoinableQueue[T], error) {
	h, err := create(ctx, m, "JoinableQueue", maxsize)
	if err != nil {
		return nil, err
	}
	return &JoinableQueue[T]{Queue[T]{h}}, nil
}

// JoinableQueueOf returns the queue that p stands for, and takes p over.
func JoinableQueueOf[T any](p *Proxy) *JoinableQueue[T] {
	return &JoinableQueue[T]{Queue[T]{handle{p}}}
}
