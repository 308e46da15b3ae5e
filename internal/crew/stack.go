package crew

import "time"

// Stack asks the worker with that process number where it is, for at most d. It
// reports false if there is no such worker, or the engine cannot tell.
func (p *Pool) Stack(pid int, d time.Duration) (text string, ok bool) {
	p.mu.Lock()
	all := p.everyone()
	p.mu.Unlock()
	for _, w := range all {
		if c := w.Child(); c != nil && c.PID() == pid {
			l, ok := w.link.(Looker)
			if !ok {
				return "", false
			}
			return l.Stack(d), true
		}
	}
	return "", false
}
