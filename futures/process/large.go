package process

import (
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"unsafe"

	"github.com/conexgo/conex/internal/shm"
	"github.com/conexgo/conex/internal/wait"
)

// Large results go through segments that the worker makes and uses again and
// again. The worker copies its result in, block by block, and says in the
// segment's first page how far it has come; the pool copies out behind it, at
// the same time if it can. Neither waits for the other.
const (
	largeHead  = 4096      // bytes before the result
	largeBlock = 1 << 20   // of a result that are announced at a time
	largeMin   = 256 << 10 // smaller ones go through the ring
	largeKeep  = 3         // segments a worker has
)

// largeControl is the first page of such a segment.
type largeControl struct {
	written *atomic.Uint64 // bytes of the result that are there
	taken   *atomic.Uint32 // 1: the pool needs the segment no more
}

func openLarge(mem []byte) largeControl {
	return largeControl{
		written: (*atomic.Uint64)(unsafe.Pointer(&mem[0])),
		taken:   (*atomic.Uint32)(unsafe.Pointer(&mem[64])),
	}
}

// An arriving is a large result that the pool copies out.
type arriving struct {
	seg   *shm.Segment
	ctl   largeControl
	data  []byte // what has been copied
	total int
}

// beginLarge starts on a large result: u64 segment, u64 size. The caller
// holds rd.
func (w *worker) beginLarge(b []byte) error {
	if len(b) != 16 || w.large != nil {
		return fmt.Errorf("large result with %d bytes", len(b))
	}
	id, total := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
	w.large = &arriving{total: int(total)}
	if seg := w.largeSegs[id]; seg != nil {
		return w.openArriving(seg)
	}
	w.largeID = id // its descriptor is on its way
	return nil
}

func (w *worker) openArriving(seg *shm.Segment) error {
	a := w.large
	if a.total <= 0 || a.total > len(seg.Mem)-largeHead {
		return fmt.Errorf("large result of %d bytes in a segment of %d", a.total, len(seg.Mem))
	}
	a.seg, a.ctl, a.data = seg, openLarge(seg.Mem), unclear(a.total)
	return nil
}

// receiveLarge takes in a segment. The caller holds rd.
func (w *worker) receiveLarge(b []byte) error {
	f := w.conn.File()
	if f == nil || len(b) != 24 {
		return fmt.Errorf("segment without descriptor")
	}
	id := binary.LittleEndian.Uint64(b)
	seg, err := shm.Map(f, int(binary.LittleEndian.Uint64(b[8:])))
	if err != nil {
		return err
	}
	if w.largeSegs == nil {
		w.largeSegs = make(map[uint64]*shm.Segment)
	}
	if dropped := binary.LittleEndian.Uint64(b[16:]); w.largeSegs[dropped] != nil {
		w.largeSegs[dropped].Close()
		delete(w.largeSegs, dropped)
	}
	w.largeSegs[id] = seg
	if w.large != nil && w.large.seg == nil && w.largeID == id {
		return w.openArriving(seg)
	}
	return nil
}

// copyLarge copies out what is there of a large result, and goes on while more
// comes. It returns the whole result once it is complete. The caller holds rd.
func (w *worker) copyLarge() []byte {
	a := w.large
	if a == nil || a.seg == nil {
		return nil
	}
	for {
		n := int(min(a.ctl.written.Load(), uint64(a.total)))
		a.data = append(a.data, a.seg.Mem[largeHead+len(a.data):largeHead+n]...)
		if len(a.data) == a.total {
			a.ctl.taken.Store(1)
			w.large = nil
			return a.data
		}
		if !wait.CanSpin() || !wait.Until(func() bool { return int(a.ctl.written.Load()) > n }, 4*wait.SpinFor) {
			return nil // the worker rings when it is through
		}
	}
}

// moreLarge reports whether copyLarge has something to do. The caller holds
// rd.
func (w *worker) moreLarge() bool {
	a := w.large
	return a != nil && a.seg != nil && int(a.ctl.written.Load()) > len(a.data)
}

func (w *worker) closeLarge() {
	for _, s := range w.largeSegs {
		s.Close()
	}
	w.large, w.largeSegs = nil, nil
}
