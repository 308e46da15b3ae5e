//go:build unix

package python

import (
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"github.com/conexgo/conex/internal/child"
	"github.com/conexgo/conex/internal/crew"
	"github.com/conexgo/conex/internal/shm"
	"github.com/conexgo/conex/internal/wait"
	"github.com/conexgo/conex/internal/watch"
	"golang.org/x/sys/unix"
)

// A link is the way to one worker: see protocol.go for what goes over it.
type link struct {
	p *Pool
	w *crew.Worker

	// Set by Launch, constant afterwards. Free closes the descriptors.
	child    *child.Child
	tasks    *os.File // our end of T, in the runtime's poller
	rc       syscall.RawConn
	tfd      int      // its descriptor, never used after Free
	theirs   *os.File // the worker's end of T: for taking units back
	conn     *wait.Conn
	end      int // a duplicate of our end of C, for shutting it down
	out      *outbox
	page     *shm.Segment
	stacks   *os.File // where the worker writes its stacks
	dump     atomic.Int32
	stacking sync.Mutex

	closing    sync.Mutex // protects what Close and Free use
	launched   bool
	closed     bool
	freed      bool
	closeTimer *time.Timer

	running sync.WaitGroup // goroutines

	// The sending side: the pool's lock.
	unit     unit
	limit    int // how long the unit may get
	opened   []*openStream
	table    memoryTable
	segs     map[uint64]bool // segments that the worker knows
	group    *watch.Group    // whose deadline is known
	deadline int64
	back     message // a unit that was taken back
	taken    revoked // what was taken back and not reported yet

	// Frames in flight: a lock of their own, taken last.
	mu     sync.Mutex
	frames []frame
	bytes  int // of all frames
	unsent [][]byte
	timer  *time.Timer
	armed  bool

	// The receiving side: the worker's lock.
	in       message
	got      bool // in has a message that tryRead has received
	lastID   uint32
	result   *shm.Segment // through which large results come
	resultID uint64
	seen     uint64 // begun, when the timer fired last
	snapshot []byte
}

// A frame is a unit in flight.
type frame struct {
	first uint64
	items uint32
	bytes int
}

// newLink is crew.Config.NewLink.
func (p *Pool) newLink(w *crew.Worker) crew.Link { return &link{p: p, w: w, end: -1, tfd: -1} }

// word is a word of the page.
func (l *link) word(i int) *uint64 { return (*uint64)(unsafe.Pointer(&l.page.Mem[8*i])) }

func (l *link) load(i int) uint64 { return atomic.LoadUint64(l.word(i)) }

// Open is called when the worker is ready.
func (l *link) Open() {}

// Serve takes in what the worker sends until it ends, or has had time enough to end
// after Close.
func (l *link) Serve() {
	l.running.Go(l.readTasks)
	l.running.Go(func() {
		// A process that the worker has started may have C as well.
		<-l.child.Done()
		l.conn.Close()
	})
	l.readControl()
	l.tasks.SetReadDeadline(time.Unix(1, 0))
}

// readTasks takes in results as they arrive. The worker's lock is taken while the
// runtime's poller is asked, so that messages are not reordered.
func (l *link) readTasks() {
	try := func(uintptr) bool {
		l.w.Lock()
		if !l.w.Reads() {
			l.w.Unlock()
			return true
		}
		if err := l.in.receive(l.tfd); err == unix.EAGAIN {
			l.w.Unlock()
			return false
		} else if err != nil || l.in.n == 0 {
			l.w.Unlock()
			return true
		}
		l.got = true // and the lock is kept
		return true
	}
	for {
		if err := l.rc.Read(try); err != nil || !l.got {
			return
		}
		l.got = false
		l.drain(true)
		l.w.Unlock()
	}
}

// readControl takes in frames of C until it ends.
func (l *link) readControl() {
	for {
		fr, _, err := l.conn.Recv(true)
		if err != nil {
			return
		}
		if fr.Type == frameLog {
			if rec, err := readLog(fr.Payload); err == nil {
				l.w.Log(rec)
			}
		}
	}
}

// closeTime is how long a worker that was let go may take to end before we stop
// listening to it.
const closeTime = 1500 * time.Millisecond

// Close lets the worker end: it reads the end of T and C.
func (l *link) Close() {
	l.closing.Lock()
	defer l.closing.Unlock()
	if !l.launched || l.closed || l.freed {
		return
	}
	l.closed = true
	unix.Shutdown(l.tfd, unix.SHUT_WR)
	unix.Shutdown(l.end, unix.SHUT_WR)
	conn := l.conn
	l.closeTimer = time.AfterFunc(closeTime, func() { conn.Close() })
}

// Free gives up everything. The worker is dead, and its death settled.
func (l *link) Free() {
	l.closing.Lock()
	l.freed = true
	if l.closeTimer != nil {
		l.closeTimer.Stop()
	}
	l.closing.Unlock()
	l.mu.Lock()
	l.armed = false
	if l.timer != nil {
		l.timer.Stop()
	}
	l.mu.Unlock()
	if l.conn != nil {
		l.conn.Close()
	}
	if l.tasks != nil {
		l.tasks.SetReadDeadline(time.Unix(1, 0))
	}
	l.out.close()
	l.running.Wait()
	l.stacking.Lock()
	for _, f := range []*os.File{l.tasks, l.theirs, l.stacks} {
		if f != nil {
			f.Close()
		}
	}
	l.stacks = nil
	l.stacking.Unlock()
	if l.end >= 0 {
		unix.Close(l.end)
	}
	for _, seg := range []*shm.Segment{l.page, l.result} {
		if seg != nil {
			seg.Close()
		}
	}
}

// Know, Left, Idle and Spin have nothing to do: contexts go along as deadlines, and
// the worker does not poll.
func (l *link) Know(*watch.Group, bool) error { return nil }
func (l *link) Left(*watch.Group, int32)      {}
func (l *link) Idle()                         {}
func (l *link) Spin(bool)                     {}
