package multiprocessing

import "slices"

// A Sentinel becomes ready when its process ends, and stays so. It is what
// connection.Wait takes to wait for processes beside connections; a program that
// waits for processes alone uses [Process.Done]. It is safe for concurrent use.
type Sentinel struct{ p *Process }

// Sentinel returns the process's sentinel. The errors are those of
// [Process.Join] for a process that cannot be waited for.
func (p *Process) Sentinel() (*Sentinel, error) {
	if _, err := p.running(); err != nil {
		return nil, err
	}
	return &Sentinel{p}, nil
}

// Ready reports whether the process has ended.
func (s *Sentinel) Ready() bool {
	select {
	case <-s.p.done:
		return true
	default:
		return false
	}
}

// Await makes wake be called when the process ends, or at once if it has. It is
// called once, must not block, and is not called after stop has returned, unless
// it was about to be.
func (s *Sentinel) Await(wake func()) (stop func()) {
	p := s.p
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.Ready() {
		go wake()
		return func() {}
	}
	return p.wakes.add(p, wake)
}

// wakes are those who wait for the end of a process.
type wakes struct{ list []*func() }

func (w *wakes) add(p *Process, wake func()) (stop func()) {
	key := &wake
	w.list = append(w.list, key)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		w.list = slices.DeleteFunc(w.list, func(k *func()) bool { return k == key })
	}
}

func (w *wakes) take() (all []func()) {
	for _, f := range w.list {
		all = append(all, *f)
	}
	w.list = nil
	return all
}
