//go:build linux

package multiprocessing_test

import (
	"context"
	"errors"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/handle"
	"github.com/conexgo/conex/internal/leak"
	mp "github.com/conexgo/conex/multiprocessing"
)

// A tally is what all take notes on: which messages there are, and what became
// of them.
type tally struct{ b *handle.Block }

const boardIDs = 1 << 23

func newTally(t *testing.T) *tally {
	b, err := handle.New(64 + 4*boardIDs)
	if err != nil {
		t.Fatal(err)
	}
	return &tally{b}
}

func (b *tally) AppendHandle(e *codec.Encoder) error { return b.b.Append(e) }
func (b *tally) ReadHandle(d *codec.Decoder) (err error) {
	b.b, err = handle.Read(d, 64+4*boardIDs)
	return err
}

func (b *tally) word(i int) *atomic.Uint32 {
	return (*atomic.Uint32)(unsafe.Pointer(&b.b.Mem()[4*i]))
}

// The words of a board: how many messages, how many of them came twice, or
// torn, and whether the producers are to stop. From notes on, one for each
// message: who put it, and what became of it.
const (
	boardCount = iota
	boardTwice
	boardTorn
	boardStop
	boardGot
	boardNotes = 16

	wasPut = 1 // Put has returned
	wasGot = 2
)

// A chaosQueue is what is tested.
type chaosQueue interface {
	Put(context.Context, chaosMessage) error
	Get(context.Context) (chaosMessage, error)
}

type chaosMessage struct {
	ID   uint32 // 0: go home
	Sum  uint32
	Data []byte
}

// A chaosTask is the work of a process. One of the queues is not nil.
type chaosTask struct {
	Board  *tally
	Simple *mp.SimpleQueue[chaosMessage]
	Plain  *mp.Queue[chaosMessage]
	Tasks  *mp.JoinableQueue[chaosMessage]
	Who    uint32
}

func (t chaosTask) queue() chaosQueue {
	switch {
	case t.Simple != nil:
		return t.Simple
	case t.Plain != nil:
		return t.Plain
	}
	return t.Tasks
}

var (
	chaosPut = conex.Register("test/queue/chaosPut", func(ctx context.Context, t chaosTask) (none, error) {
		rnd := rand.New(rand.NewPCG(uint64(t.Who), 7))
		q := t.queue()
		for t.Board.word(boardStop).Load() == 0 {
			n := rnd.IntN(200)
			switch rnd.IntN(1000) {
			case 0:
				n = 4<<20 + rnd.IntN(1<<20) // in memory of its own
			case 1, 2, 3, 4, 5:
				n = rnd.IntN(1 << 20)
			}
			m := chaosMessage{Data: make([]byte, n)}
			for i := range min(n, 200) {
				m.Data[i] = byte(rnd.Uint32())
			}
			if m.ID = t.Board.word(boardCount).Add(1); m.ID >= boardIDs-boardNotes {
				return none{}, errors.New("too many messages")
			}
			note := t.Board.word(boardNotes + int(m.ID))
			note.Store(t.Who << 8)
			m.Sum = m.ID ^ crc32.ChecksumIEEE(m.Data)
			if err := q.Put(ctx, m); err != nil {
				return none{}, err
			}
			note.Or(wasPut)
		}
		return none{}, nil
	})
	chaosGet = conex.Register("test/queue/chaosGet", func(ctx context.Context, t chaosTask) (none, error) {
		q := t.queue()
		for {
			m, err := q.Get(ctx)
			if err != nil {
				return none{}, err
			}
			if m.ID != 0 {
				if m.Sum != m.ID^crc32.ChecksumIEEE(m.Data) {
					t.Board.word(boardTorn).Add(1)
				}
				if t.Board.word(boardNotes+int(m.ID)).Or(wasGot)&wasGot != 0 {
					t.Board.word(boardTwice).Add(1)
				}
				t.Board.word(boardGot).Add(1)
			}
			if t.Tasks != nil {
				if err := t.Tasks.TaskDone(); err != nil {
					return none{}, err
				}
			}
			if m.ID == 0 {
				return none{}, nil
			}
		}
	})
)

// queueKills is how many processes each test of chaos kills.
func queueKills(t *testing.T) int {
	n, err := strconv.Atoi(os.Getenv("CONEX_CHAOS"))
	if err != nil {
		n = 8
	}
	if testing.Short() {
		n = min(n, 3)
	}
	return n
}

// TestQueueChaos: three processes put, three get, and at any moment one of them
// is killed, or stopped for a while. Nothing comes twice or torn, nobody hangs,
// and a kill costs one message at most, beside the buffer of a producer.
func TestQueueChaos(t *testing.T) {
	for _, kind := range []string{"simple", "plain", "bound", "tasks"} {
		t.Run(kind, func(t *testing.T) { queueChaos(t, kind) })
	}
}

func queueChaos(t *testing.T, kind string) {
	leak.Check(t)
	ctx := within(t, time.Duration(max(queueKills(t), 100))*time.Second)
	task := chaosTask{Board: newTally(t)}
	var err error
	switch kind {
	case "simple":
		task.Simple, err = mp.NewSimpleQueue[chaosMessage]()
		defer func() { task.Simple.Close() }()
	case "plain":
		task.Plain, err = mp.NewQueue[chaosMessage](0)
		defer func() { task.Plain.Close() }()
	case "bound":
		task.Plain, err = mp.NewQueue[chaosMessage](100)
		defer func() { task.Plain.Close() }()
	case "tasks":
		task.Tasks, err = mp.NewJoinableQueue[chaosMessage](100)
		defer func() { task.Tasks.Close() }()
	}
	if err != nil {
		t.Fatal(err)
	}
	who := uint32(0)
	start := func(f *conex.Func[chaosTask, none]) *mp.Process {
		who++
		task.Who = who
		p, err := mp.Go(ctx, f.Bind(task))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	var ps [6]*mp.Process
	var whose [6]uint32
	role := func(i int) *conex.Func[chaosTask, none] {
		if i < 3 {
			return chaosPut
		}
		return chaosGet
	}
	for i := range ps {
		ps[i] = start(role(i))
		whose[i] = who
	}
	seed := rand.Uint64()
	rnd := rand.New(rand.NewPCG(seed, 0))
	killed := map[uint32]bool{}
	var lost [2]int // of producers, of consumers
	word := task.Board.word
	for range queueKills(t) {
		time.Sleep(time.Duration(rnd.IntN(20)) * time.Millisecond)
		i := rnd.IntN(len(ps))
		if rnd.IntN(4) == 0 {
			j := rnd.IntN(len(ps))
			if pid, ok := ps[j].PID(); ok {
				syscall.Kill(pid, syscall.SIGSTOP)
				time.Sleep(time.Duration(rnd.IntN(10)) * time.Millisecond)
				syscall.Kill(pid, syscall.SIGCONT)
			}
		}
		ps[i].Kill()
		if err := ps[i].Join(ctx); err != nil {
			t.Fatal(err)
		}
		lost[i/3]++
		killed[whose[i]] = true
		ps[i] = start(role(i))
		whose[i] = who
		got := word(boardGot).Load()
		for word(boardGot).Load() < got+5 {
			if ctx.Err() != nil {
				t.Fatalf("seed %d: nothing moves any more, after %d messages, process %d was killed last", seed, got, i)
			}
			time.Sleep(100 * time.Microsecond)
		}
	}
	word(boardStop).Store(1)
	for _, p := range ps[:3] {
		if err := p.Join(ctx); err != nil || p.Err() != nil {
			t.Fatalf("seed %d: %v, %v", seed, err, p.Err())
		}
	}
	for range 3 {
		if err := task.queue().Put(ctx, chaosMessage{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range ps[3:] {
		if err := p.Join(ctx); err != nil || p.Err() != nil {
			t.Fatalf("seed %d: %v, %v", seed, err, p.Err())
		}
	}
	n, missing, buffered := int(word(boardCount).Load()), 0, 0
	for id := 1; id <= n; id++ {
		switch note := word(boardNotes + id).Load(); {
		case note&wasGot != 0:
		case note&wasPut != 0 && killed[note>>8] && kind != "simple":
			buffered++ // perhaps in the buffer; else the consumer's
		default:
			missing++
		}
	}
	t.Logf("%d messages, %d producers and %d consumers killed, %d messages lost, %d perhaps in buffers", n, lost[0], lost[1], missing, buffered)
	if missing > lost[0]+lost[1] {
		t.Errorf("seed %d: %d messages lost", seed, missing)
	}
	if x := word(boardTwice).Load(); x > 0 {
		t.Errorf("seed %d: %d messages came twice", seed, x)
	}
	if x := word(boardTorn).Load(); x > 0 {
		t.Errorf("seed %d: %d messages are torn", seed, x)
	}
	if task.Tasks != nil {
		err := task.Tasks.Join(ctx)
		var l *mp.LostTasksError
		if errors.As(err, &l) && l.Count <= lost[1] && errors.Is(err, mp.ErrOwnerDied) {
			t.Log(err)
		} else if err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
		if x := task.Tasks.Unfinished(); x != 0 {
			t.Errorf("seed %d: %d are unfinished", seed, x)
		}
	}
}
