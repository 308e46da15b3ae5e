package python

import (
	"fmt"
	"os"
	"slices"

	"github.com/conexgo/conex/internal/shm"
)

// What follows is for the link: it passes the memory of arguments on to a worker,
// and takes in that of results.

// A memoryTable knows which memory a worker has mapped. The zero value is empty.
// It is not safe for concurrent use.
type memoryTable struct {
	has map[uint64]*shm.Shared // without a reference: that is how we see that it is gone
}

// add returns which of the handles of a task the worker has to be told of before it
// gets the task, and takes them to be known from then on.
func (t *memoryTable) add(handles []any) (unknown []*shm.Shared) {
	for _, h := range handles {
		s, ok := h.(*shm.Shared)
		if !ok || t.has[s.ID] != nil {
			continue
		}
		if t.has == nil {
			t.has = make(map[uint64]*shm.Shared)
		}
		t.has[s.ID] = s
		unknown = append(unknown, s)
	}
	return unknown
}

// gone returns the identities of memory that nobody has here any more: the worker
// is to forget it. It is cheap, and asked for when tasks end.
func (t *memoryTable) gone() (ids []uint64) {
	for id, s := range t.has {
		if s.Retain() {
			s.Release() // somebody has it
			continue
		}
		ids = append(ids, id)
		delete(t.has, id)
	}
	return ids
}

// openResult maps the memory of a result from the descriptors that came with it,
// and returns what finds it for readPickle. release gives it back; what has become
// an Array meanwhile stays. The files are taken over, also after an error.
func openResult(files []*os.File) (find func(i uint64) (any, error), release func(), err error) {
	var mem []*shm.Shared
	release = func() {
		for _, s := range mem {
			s.Release()
		}
		mem = nil
	}
	for i, f := range files {
		s, err := openMemory(f)
		if err != nil {
			for _, f := range files[i+1:] {
				f.Close()
			}
			release()
			return nil, nil, err
		}
		mem = append(mem, s)
	}
	mem = slices.Clip(mem)
	return func(i uint64) (any, error) {
		if i >= uint64(len(mem)) {
			return nil, fmt.Errorf("%w: memory %d of %d", errCorruptArray, i, len(mem))
		}
		return mem[i], nil
	}, release, nil
}

// openMemory maps all that a descriptor stands for.
func openMemory(f *os.File) (*shm.Shared, error) {
	st, err := f.Stat()
	if err == nil && (!st.Mode().IsRegular() || st.Size() <= 0 || st.Size() != int64(int(st.Size()))) {
		err = fmt.Errorf("%w: its descriptor is no memory", errCorruptArray)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return shm.OpenShared(shm.NewID(), f, int(st.Size()))
}
