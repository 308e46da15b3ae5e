package sched

// Pause stops the scheduler from starting events, until [Scheduler.Resume].
// What runs goes on, and events are still entered and cancelled; Run and Serve
// wait. Events that become due meanwhile run late. What is done about the times
// of jobs that pass meanwhile is up to the options of [Scheduler.Repeat].
//
// Pausing twice is the same as once.
func (s *Scheduler) Pause() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused = true
}

// Resume ends a [Scheduler.Pause]. It does nothing if there was none.
func (s *Scheduler) Resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused = false
	s.promote()
}

// Paused reports whether the scheduler is paused.
func (s *Scheduler) Paused() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.paused
}
