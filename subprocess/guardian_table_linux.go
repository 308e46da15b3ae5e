package subprocess

import (
	"os"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/conexgo/conex/internal/child"
)

// A table is what the guardian must know: the programs that are to end with
// this one. It is memory that both see, so that to enter a program costs no
// message, and the guardian sleeps until there is something to be done. It
// stays as it is when the guardian has to be replaced.
//
// A program is known by its number and by when it was started: by what the
// clock said before and after. A process that has got the same number later
// began later, too.
type table struct {
	file *os.File
	mem  []byte

	mu   sync.Mutex
	free []int32 // entries that are not used
	next int32   // those from here on never were
}

// An entry is a program in the table. The guardian reads it when nobody writes
// any more.
type entry struct {
	pid      atomic.Uint32 // 0 for none; written last, and first when it goes
	group    atomic.Uint32 // 1 if it leads a group of its own
	from, to atomic.Int64  // when it was started, in nanoseconds since boot
	_        [8]byte
}

const (
	tableName    = "conex-guardian"
	tableEntries = 8192
	tableSize    = tableEntries * int(unsafe.Sizeof(entry{}))
)

func newTable() (*table, error) {
	fd, err := unix.MemfdCreate(tableName, unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	f := os.NewFile(uintptr(fd), tableName)
	if err := f.Truncate(int64(tableSize)); err != nil {
		f.Close()
		return nil, err
	}
	t, err := mapTable(f)
	if err != nil {
		f.Close()
	}
	return t, err
}

func mapTable(f *os.File) (*table, error) {
	mem, err := unix.Mmap(int(f.Fd()), 0, tableSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, os.NewSyscallError("mmap", err)
	}
	return &table{file: f, mem: mem}, nil
}

func (t *table) entry(i int32) *entry {
	return (*entry)(unsafe.Pointer(&t.mem[int(i)*int(unsafe.Sizeof(entry{}))]))
}

// take returns an entry that nobody uses, nil if there is none.
func (t *table) take() *ward {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := t.next
	if n := len(t.free); n > 0 {
		i = t.free[n-1]
		t.free = t.free[:n-1]
	} else if i == tableEntries {
		return nil
	} else {
		t.next++
	}
	return &ward{t, i}
}

// A ward is a program that the guardian looks after.
type ward struct {
	table *table
	i     int32
}

// set enters the program, which runs already.
func (w *ward) set(pid int, began child.Span, group bool) {
	e := w.table.entry(w.i)
	e.from.Store(int64(began.From))
	e.to.Store(int64(began.To))
	e.group.Store(0)
	if group {
		e.group.Store(1)
	}
	e.pid.Store(uint32(pid))
}

// release strikes the program out: it has ended, and was reaped.
func (w *ward) release() {
	w.table.entry(w.i).pid.Store(0)
	w.table.mu.Lock()
	w.table.free = append(w.table.free, w.i)
	w.table.mu.Unlock()
}

// kill kills all that are in the table, with their trees.
func (t *table) kill() {
	for i := range int32(tableEntries) {
		e := t.entry(i)
		if pid := e.pid.Load(); pid > 1 {
			began := child.Span{From: time.Duration(e.from.Load()), To: time.Duration(e.to.Load())}
			child.KillForeign(int(pid), began, e.group.Load() == 1)
		}
	}
}
