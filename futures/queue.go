package futures

// A taskQueue is a first-in first-out queue in a ring.
type taskQueue struct {
	buf        []entry // a power of two long
	head, size int
}

func (q *taskQueue) front() *entry { return &q.buf[q.head] }

func (q *taskQueue) push(en entry) {
	if q.size == len(q.buf) {
		buf := make([]entry, max(64, 2*len(q.buf)))
		n := copy(buf, q.buf[q.head:])
		copy(buf[n:], q.buf[:q.head])
		q.buf, q.head = buf, 0
	}
	q.buf[(q.head+q.size)&(len(q.buf)-1)] = en
	q.size++
}

func (q *taskQueue) pop() entry {
	p := &q.buf[q.head]
	en := *p
	*p = entry{}
	q.head = (q.head + 1) & (len(q.buf) - 1)
	q.size--
	if q.size == 0 && len(q.buf) > 4096 {
		*q = taskQueue{} // a burst is over
	}
	return en
}

// removeIf takes out the entries for which drop returns true. The others keep
// their order.
func (q *taskQueue) removeIf(drop func(*entry) bool) (dropped []entry) {
	mask := len(q.buf) - 1
	kept := 0
	for i := range q.size {
		en := &q.buf[(q.head+i)&mask]
		if drop(en) {
			dropped = append(dropped, *en)
			continue
		}
		if kept != i {
			q.buf[(q.head+kept)&mask] = *en
		}
		kept++
	}
	for i := kept; i < q.size; i++ {
		q.buf[(q.head+i)&mask] = entry{}
	}
	q.size = kept
	return dropped
}
