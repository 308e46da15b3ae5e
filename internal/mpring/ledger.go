package mpring

import (
	"context"
	"sync/atomic"
	"unsafe"

	"github.com/conexgo/conex/internal/peer"
	"github.com/conexgo/conex/internal/robust"
)

// A Place is what the ledger says of one process. Only that process writes to
// it, and who folds it once the process is dead.
type Place struct {
	owner    atomic.Uint64
	buffered atomic.Uint64 // records that wait in the process for room
	taken    atomic.Uint64 // how many records it took << 32 | heads's count after the last
	done     atomic.Uint64 // how many it reported done
	_        [4]uint64
}

// books is where the ledger lies: the places, and what the dead have left,
// which a lock protects.
//
// Folding a dead process's place into base and lost takes several stores. They
// are written down first; who finds that the one who began has died does them
// again.
type books struct {
	lock       robust.Mutex
	base, lost *atomic.Uint64 // records that dead processes reported done; that they took and did not
	journal    *atomic.Uint64 // 1 + the place that is being folded, 0 for none
	newBase    *atomic.Uint64
	newLost    *atomic.Uint64
	whose      *atomic.Uint64
	used       *atomic.Uint32 // places from there on were never used
	places     *[places]Place
	mine       atomic.Pointer[Place]
}

func (b *books) init(mem []byte) {
	word := func(off int) *atomic.Uint64 { return (*atomic.Uint64)(unsafe.Pointer(&mem[off])) }
	b.lock.Init(word(384))
	b.base, b.lost = word(392), word(400)
	b.journal, b.newBase, b.newLost, b.whose = word(408), word(416), word(424), word(432)
	b.used = (*atomic.Uint32)(unsafe.Pointer(&mem[448]))
	b.places = (*[places]Place)(unsafe.Pointer(&mem[ledgerAt]))
}

// list is the places that may be in use.
func (b *books) list() []Place { return b.places[:min(b.used.Load(), places)] }

// Mine returns this process's place, or nil if the ledger is full of living
// processes. ctx bounds the search for dead ones.
func (r *Ring) Mine(ctx context.Context) *Place {
	if p := r.books.mine.Load(); p != nil {
		return p
	}
	p := r.books.claim()
	if p == nil && r.Sweep(ctx) == nil {
		p = r.books.claim()
	}
	if p != nil {
		r.books.mine.Store(p)
	}
	return p
}

func (b *books) claim() *Place {
	self := uint64(peer.Self())
	for i := range b.list() {
		if p := &b.places[i]; p.owner.Load() == self {
			return p
		}
	}
	for i := range b.places {
		p := &b.places[i]
		if p.owner.Load() != 0 || !p.owner.CompareAndSwap(0, self) {
			continue
		}
		for {
			u := b.used.Load()
			if u > uint32(i) || b.used.CompareAndSwap(u, uint32(i+1)) {
				return p
			}
		}
	}
	return nil
}

// SetBuffered says how many records wait in this process. It may be called on
// nil.
func (p *Place) SetBuffered(n int) {
	if p != nil {
		p.buffered.Store(uint64(n))
	}
}

// Buffered returns how many records wait in all processes: in those that were
// not found dead, and with exact only in living ones, which takes some
// microseconds for each that has any.
func (r *Ring) Buffered(exact Exactness) int {
	n := uint64(0)
	for i := range r.books.list() {
		p := &r.books.places[i]
		if k := p.buffered.Load() & maxItem; k > 0 && (exact == Roughly || peer.ID(p.owner.Load()).Alive()) {
			n += k
		}
	}
	return int(n)
}

// An Exactness says how exact an answer should be.
type Exactness int

// Roughly counts what dead processes had until somebody notices; Exactly does not.
const (
	Roughly Exactness = iota
	Exactly
)

// LockGet takes GetLock, and settles what a dead process was about to take.
func (r *Ring) LockGet(ctx context.Context) error {
	died, err := r.GetLock.Lock(ctx)
	if died {
		r.untake()
	}
	return err
}

// TryLockGet is LockGet for a lock that is free, or whose holder is dead.
func (r *Ring) TryLockGet() bool {
	if r.GetLock.LockSoon() {
		return true
	}
	ok, died := r.GetLock.TryLock()
	if died {
		r.untake()
	}
	return ok
}

// TakeFor is Take by a process that will report the record done.
func (r *Ring) TakeFor(rec *Record, p *Place) {
	if p != nil {
		p.taken.Store((p.taken.Load()>>32+1)<<32 | items(rec.next))
	}
	r.Take(rec)
}

// untake corrects the place of a process that died in TakeFor, before the record
// was taken: its count is one ahead of the head's.
func (r *Ring) untake() {
	h := items(r.head.Load())
	for i := range r.books.list() {
		p := &r.books.places[i]
		if w := p.taken.Load(); w>>32 > 0 && w&maxItem == (h+1)&maxItem {
			p.taken.Store((w>>32-1)<<32 | h)
		}
	}
}

func (b *books) lockBooks(ctx context.Context) error {
	died, err := b.lock.Lock(ctx)
	if died {
		b.redo()
	}
	return err
}

// Report reports a record done. It returns false if none is open, and how many
// still are. The caller rings Done for everybody when that is 0.
func (r *Ring) Report(ctx context.Context) (open int, ok bool, err error) {
	b := &r.books
	p := r.Mine(ctx)
	if err := b.lockBooks(ctx); err != nil {
		return 0, false, err
	}
	defer b.lock.Unlock()
	if r.missing() <= 0 {
		return 0, false, nil
	}
	if p != nil {
		p.done.Store(p.done.Load() + 1)
	} else {
		b.base.Store(b.base.Load() + 1)
	}
	return r.missing() + r.Buffered(Roughly) - int(b.lost.Load()&maxItem), true, nil
}

// missing is how many records were put and not reported done.
func (r *Ring) missing() int {
	n := r.put() - r.books.base.Load()
	for i := range r.books.list() {
		n -= r.books.places[i].done.Load()
	}
	return int(int32(uint32(n)<<2) >> 2) // 30 bits with a sign
}

// Open returns how many records were put, or wait to be, and have not been
// reported done, without the lost ones: those that processes took and did not
// report before they died.
func (r *Ring) Open(ctx context.Context) (open, lost int, err error) {
	if err := r.Sweep(ctx); err != nil {
		return 0, 0, err
	}
	if err := r.books.lockBooks(ctx); err != nil {
		return 0, 0, err
	}
	defer r.books.lock.Unlock()
	// What waits first: a record that is put meanwhile counts twice, not never.
	wait := r.Buffered(Roughly)
	lost = int(r.books.lost.Load() & maxItem)
	return wait + r.missing() - lost, lost, nil
}

// Sweep gives the places of dead processes free.
func (r *Ring) Sweep(ctx context.Context) error {
	b := &r.books
	for i := range b.list() {
		p := &b.places[i]
		if o := peer.ID(p.owner.Load()); o == 0 || o.Alive() {
			continue
		}
		// GetLock too: what the dead process had begun to take is settled first.
		if err := r.LockGet(ctx); err != nil {
			return err
		}
		err := b.lockBooks(ctx)
		if err == nil {
			if o := p.owner.Load(); o != 0 && !peer.ID(o).Alive() {
				b.fold(i)
			}
			b.lock.Unlock()
		}
		r.GetLock.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *books) fold(i int) {
	p := &b.places[i]
	done := p.done.Load()
	lost := max(0, int64(p.taken.Load()>>32)-int64(done))
	b.newBase.Store(b.base.Load() + done)
	b.newLost.Store(b.lost.Load() + uint64(lost))
	b.whose.Store(p.owner.Load())
	b.journal.Store(uint64(i + 1))
	b.redo()
}

// redo does what the journal says, if it says anything. The caller holds the
// lock.
func (b *books) redo() {
	i := b.journal.Load()
	if i == 0 || i > places {
		return
	}
	b.base.Store(b.newBase.Load())
	b.lost.Store(b.newLost.Load())
	if p := &b.places[i-1]; p.owner.Load() == b.whose.Load() {
		p.buffered.Store(0)
		p.taken.Store(0)
		p.done.Store(0)
		p.owner.Store(0)
	}
	b.journal.Store(0)
}
