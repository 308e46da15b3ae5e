//go:build unix

package python

import (
	"os"
	"sync"

	"github.com/conexgo/conex/internal/wait"
)

// An outbox sends frames by C on a goroutine of its own: a worker that is stopped
// does not read, and nobody who holds a lock may wait for it.
type outbox struct {
	conn *wait.Conn
	done chan struct{} // closed when the goroutine has ended

	mu     sync.Mutex
	more   sync.Cond
	queue  []letter
	closed bool
}

// A letter is a frame that waits.
type letter struct {
	kind    byte
	payload []byte
	file    *os.File
	sent    func() // called when file is not needed any more; may be nil
}

func newOutbox(conn *wait.Conn) *outbox {
	o := &outbox{conn: conn, done: make(chan struct{})}
	o.more.L = &o.mu
	go o.run()
	return o
}

// put takes a frame over. It does not wait.
func (o *outbox) put(l letter) {
	o.mu.Lock()
	closed := o.closed
	if !closed {
		o.queue = append(o.queue, l)
		o.more.Signal()
	}
	o.mu.Unlock()
	if closed && l.sent != nil {
		l.sent()
	}
}

// run ends once the box is closed; conn is closed before that, so that it cannot
// hang.
func (o *outbox) run() {
	defer close(o.done)
	for {
		o.mu.Lock()
		for len(o.queue) == 0 && !o.closed {
			o.more.Wait()
		}
		batch := o.queue
		o.queue = nil
		o.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		for _, l := range batch {
			o.conn.Send(l.kind, l.payload, l.file) // it fails if the worker is dead
			if l.sent != nil {
				l.sent()
			}
		}
	}
}

// close drops what has not been sent, and waits for the goroutine.
func (o *outbox) close() {
	if o == nil {
		return
	}
	o.mu.Lock()
	o.closed = true
	o.more.Signal()
	o.mu.Unlock()
	<-o.done
}
