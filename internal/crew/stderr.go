package crew

// Stderr returns the end of what the worker has written to standard error, all of
// it if the worker is dead: it waits a moment for what is still on its way. It is
// for links whose worker has ended before it was ready; nobody else has asked for it
// then.
func (w *Worker) Stderr() string {
	w.stderr.end()
	return w.stderr.text()
}
