package process

import (
	"sync"
	"sync/atomic"
	"testing"
)

func TestWindow(t *testing.T) {
	var w atomic.Uint64
	if e := extend(&w, 10); e != 0 {
		t.Errorf("epoch %d", e)
	}
	if k := claim(&w, 0, 0, 4); k != 4 {
		t.Errorf("claimed %d of 4", k)
	}
	if k := claim(&w, 0, 3, 4); k != 0 {
		t.Error("claimed what is claimed already")
	}
	if n := revoke(&w); n != 6 {
		t.Errorf("revoked %d of 6", n)
	}
	if n := revoke(&w); n != 0 {
		t.Errorf("revoked %d of none", n)
	}
	if k := claim(&w, 0, 4, 4); k != 0 {
		t.Error("claimed what was revoked")
	}
	if e := extend(&w, 3); e != 1 {
		t.Errorf("epoch %d", e)
	}
	if k := claim(&w, 0, 4, 4); k != 0 {
		t.Error("an old frame claimed the items of a new one")
	}
	if k := claim(&w, 1, 4, 4); k != 3 {
		t.Errorf("claimed %d of 3", k)
	}
}

func TestWindowWraps(t *testing.T) {
	var w atomic.Uint64
	seq := uint64(0)
	for range 3 << (windowBits - 16) {
		extend(&w, 1<<16)
		for left := uint64(1 << 16); left > 0; {
			k := claim(&w, 0, seq, 1<<15)
			if k == 0 {
				t.Fatalf("nothing to claim at %d", seq)
			}
			seq, left = seq+k, left-k
		}
	}
}

// Each item is owned once: by the worker that claimed it, or by the pool that
// revoked it and sends it again.
func TestWindowOwnership(t *testing.T) {
	var w atomic.Uint64
	const items = 200_000
	type frame struct {
		epoch  uint16
		seq, n uint64
	}
	frames := make(chan frame, 1000)
	var claimed atomic.Uint64
	var wg sync.WaitGroup
	wg.Go(func() { // the worker
		for f := range frames {
			for end := f.seq + f.n; f.seq < end; {
				k := claim(&w, f.epoch, f.seq, min(5, end-f.seq))
				if k == 0 {
					break
				}
				claimed.Add(k)
				f.seq += k
			}
		}
	})
	sent := uint64(0)
	for sent < items { // the pool
		n := min(7, items-sent)
		e := extend(&w, n)
		frames <- frame{e, sent, n}
		sent += n
		if sent%3 == 0 {
			sent -= revoke(&w)
		}
	}
	close(frames)
	wg.Wait()
	if claimed.Load() != items {
		t.Errorf("%d items of %d were claimed", claimed.Load(), items)
	}
}
