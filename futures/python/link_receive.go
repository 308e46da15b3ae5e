//go:build unix

package python

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/conexgo/conex/internal/crew"
	"github.com/conexgo/conex/internal/shm"
)

// Drain takes in what has arrived.
func (l *link) Drain() bool { return l.drain(false) }

// drain takes in what has arrived, and l.in before that if it has a message.
func (l *link) drain(have bool) bool {
	any, frames := have, int32(0)
	for have || (l.in.receive(l.tfd) == nil && l.in.n > 0) {
		have, any = false, true
		last, err := l.takeMessage()
		if err != nil {
			l.w.Corrupt(err)
			break
		}
		if last {
			frames++
			l.frameEnded()
		}
	}
	if frames > 0 {
		l.resend()
		l.w.FrameDone(frames)
	}
	l.w.Account()
	return any
}

// takeMessage takes in the message in l.in. An error means that the worker has gone
// mad.
func (l *link) takeMessage() (last bool, err error) {
	first, last, b, err := resultsHead(l.in.bytes())
	files := l.in.files()
	if err == nil {
		files, err = l.take(first, b, files)
	}
	for _, f := range files {
		f.Close() // more than there was talk of
	}
	return last, err
}

// take takes in results, of which the first is that of item number. It returns the
// files that are left.
func (l *link) take(number uint64, b []byte, files []*os.File) ([]*os.File, error) {
	for len(b) > 0 {
		status, payload, rest, err := nextResult(b)
		if err != nil {
			return files, err
		}
		b = rest
		ended := l.w.Ended()
		switch {
		case status == statusTime:
			l.learn(payload, number, ended)
			continue
		case number > ended:
			return files, fmt.Errorf("the result of item %d instead of that of %d", number, ended)
		case isItem(status):
			if number == ended {
				files, err = l.streamItem(status, payload, files)
			}
		case number < ended:
			number++ // known: it was in the page before
		default:
			files, err = l.endItem(status, payload, files)
			number++
		}
		if err != nil {
			return files, err
		}
	}
	return files, nil
}

func isItem(status uint32) bool {
	switch status {
	case statusItem, statusItemLarge, statusItemArrays, statusItemArraysLarge:
		return true
	}
	return false
}

// learn notes what items took, unless they are long known.
func (l *link) learn(b []byte, number, ended uint64) {
	if len(b) != 12 || number != ended {
		return
	}
	items, ns := le.Uint32(b), le.Uint64(b[4:])
	if items > 0 && ns < uint64(time.Hour) {
		l.w.Pool().Learn(l.lastID, int64(items), time.Duration(ns))
	}
}

// endItem ends the next item.
func (l *link) endItem(status uint32, b []byte, files []*os.File) ([]*os.File, error) {
	en := l.w.Front()
	if en == nil {
		return files, errors.New("a result for no task")
	}
	i := int(en.From)
	name := en.T.Name()
	l.lastID = en.T.Entry().ID
	switch status {
	case statusOK:
		l.w.Count(1, true)
		en.T.Finish(i, b)
	case statusEnd:
		l.w.Count(1, true)
		en.T.Finish(i, pickledNone)
	case statusRaised:
		l.w.Fail(readError(b))
	case statusNotPickled:
		l.w.Fail(notPickled(name, b))
	case statusNotFound:
		l.w.Fail(notFound(b))
	case statusCancelled:
		l.w.Fail(crew.Skipped(en))
	case statusLarge, statusRaisedLarge, statusNotPickledLarge:
		mem, rest, err := l.largeResult(b, files)
		if files = rest; err != nil {
			return files, err
		}
		switch status {
		case statusRaisedLarge:
			l.w.Fail(readError(mem))
		case statusNotPickledLarge:
			l.w.Fail(notPickled(name, mem))
		default:
			l.w.Count(1, true)
			en.T.Finish(i, mem)
		}
		atomic.AddUint64(l.word(pageTaken), 1)
	case statusArrays, statusArraysLarge:
		return nil, l.withArrays(status == statusArraysLarge, b, files, func(b []byte, find func(uint64) (any, error)) {
			l.w.Count(1, true)
			en.T.FinishOwned(i, b, find)
			l.w.Settled(1)
		})
	default:
		return files, fmt.Errorf("a result of unknown status %d", status)
	}
	l.w.Settled(1)
	return files, nil
}

// streamItem hands an item of a stream on.
func (l *link) streamItem(status uint32, b []byte, files []*os.File) ([]*os.File, error) {
	en := l.w.Front()
	if en == nil {
		return files, errors.New("an item for no stream")
	}
	st, ok := en.T.(streamTask)
	if !ok {
		st = noStream{}
	}
	switch status {
	case statusItem:
		st.item(b, false, nil)
	case statusItemLarge:
		mem, rest, err := l.largeResult(b, files)
		if files = rest; err != nil {
			return files, err
		}
		st.item(mem, false, nil)
		atomic.AddUint64(l.word(pageTaken), 1)
	default:
		return nil, l.withArrays(status == statusItemArraysLarge, b, files, func(b []byte, find func(uint64) (any, error)) {
			st.item(b, true, find)
		})
	}
	return files, nil
}

// noStream drops the items of a task that is not ours.
type noStream struct{ streamTask }

func (noStream) item([]byte, bool, func(uint64) (any, error)) {}

// largeResult returns the bytes of a result in the worker's segment for such, which
// has come as a file if it is new.
func (l *link) largeResult(b []byte, files []*os.File) (mem []byte, rest []*os.File, err error) {
	id, length, err := twoWords(b)
	if err != nil {
		return nil, files, err
	}
	if l.result == nil || id != l.resultID {
		if len(files) == 0 {
			return nil, nil, fmt.Errorf("a large result in segment %d, which has not come", id)
		}
		seg, err := mapWhole(files[0])
		if files = files[1:]; err != nil {
			return nil, files, err
		}
		if l.result != nil {
			l.result.Close()
		}
		l.result, l.resultID = seg, id
	}
	if length > uint64(len(l.result.Mem)) {
		return nil, files, fmt.Errorf("a result of %d bytes in a segment of %d", length, len(l.result.Mem))
	}
	return l.result.Mem[:length:length], files, nil
}

// mapWhole maps all that f stands for, and takes it over.
func mapWhole(f *os.File) (*shm.Segment, error) {
	info, err := f.Stat()
	if err == nil && (info.Size() <= 0 || !info.Mode().IsRegular() || info.Size() != int64(int(info.Size()))) {
		err = fmt.Errorf("a segment of %d bytes", info.Size())
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return shm.Map(f, int(info.Size()))
}

// withArrays maps what came with a result, and gives use the pickle and what finds
// the memory of its arrays. The pickle may be in memory as well: the last.
func (l *link) withArrays(large bool, b []byte, files []*os.File, use func([]byte, func(uint64) (any, error))) error {
	if large {
		_, length, err := twoWords(b)
		if err == nil && len(files) == 0 {
			err = errors.New("a large result that has not come")
		}
		var seg *shm.Segment
		if err == nil {
			last := files[len(files)-1]
			files = files[:len(files)-1]
			seg, err = mapWhole(last)
		}
		if err == nil && length > uint64(len(seg.Mem)) {
			seg.Close()
			err = fmt.Errorf("a result of %d bytes in a segment of %d", length, len(seg.Mem))
		}
		if err != nil {
			for _, f := range files {
				f.Close()
			}
			return err
		}
		b = seg.Mem[:length:length]
		defer seg.Close()
	}
	find, release, err := openResult(files)
	if err != nil {
		return err
	}
	defer release()
	use(append([]byte(nil), b...), find)
	return nil
}

// Begun is how many items the worker has ever begun.
func (l *link) Begun() uint64 { return max(l.load(pageBegun), l.w.Ended()) }

// BegunAt is when the current one began, if it has a time limit.
func (l *link) BegunAt() time.Time {
	if at := int64(l.load(pageBegunAt)); at > 0 {
		return time.Unix(0, at)
	}
	return time.Time{}
}
