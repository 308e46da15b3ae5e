package python

import "sync"

// An introduced is what is known of the first worker.
type introduced struct {
	done chan struct{} // closed when it is ready, or the pool broken
	once sync.Once
	py   string
	why  error
}

func (i *introduced) init() { i.done = make(chan struct{}) }

// ready notes that a worker with this version of Python is there.
func (i *introduced) ready(version string) {
	i.once.Do(func() {
		i.py = version
		close(i.done)
	})
}

// broken notes that there will be none.
func (i *introduced) broken(err error) {
	i.once.Do(func() {
		i.why = err
		close(i.done)
	})
}

// err is why there is none. done is closed.
func (i *introduced) err() error { return i.why }

func (i *introduced) version() string {
	select {
	case <-i.done:
		return i.py
	default:
		return ""
	}
}
