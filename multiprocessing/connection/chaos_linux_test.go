package connection_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/multiprocessing/connection"
)

// kills is how many processes are killed: CONEX_CHAOS, or a few.
func kills() int {
	if n, err := strconv.Atoi(os.Getenv("CONEX_CHAOS")); err == nil && n > 0 {
		return n
	}
	return 20
}

// chaosSize is the size of a message: mostly small, some around half of the
// ring, some that do not go through the ring.
func chaosSize(id uint64) int {
	switch r := rand.New(rand.NewPCG(id, 1)); r.IntN(20) {
	case 0:
		return 128<<10 - 32 + r.IntN(32)
	case 1:
		return 130_000 + r.IntN(400_000)
	case 2, 3:
		return 8 + r.IntN(60_000)
	default:
		return 8 + r.IntN(300)
	}
}

// A sendJob is a process that sends messages, each with the sender's number,
// until it is killed.
type sendJob struct {
	C  *connection.Connection
	ID uint64
}

var chaosSender = conex.Register("test/connection/chaosSender", func(ctx context.Context, j sendJob) (int, error) {
	defer j.C.Close()
	if err := j.C.SendBytes(ctx, message(j.ID<<32, uint64(os.Getpid()))); err != nil {
		return 0, err
	}
	for i := uint64(1); ; i++ {
		var err error
		if i%7 == 3 {
			err = connection.Send(ctx, j.C, chaosParcel{j.ID<<32 | i, j.C, filled(i, chaosSize(i))})
		} else {
			err = j.C.SendBytes(ctx, message(j.ID<<32|i))
		}
		if err != nil {
			return 0, err
		}
	}
})

// A chaosParcel is a message with descriptors.
type chaosParcel struct {
	ID   uint64
	C    *connection.Connection
	Data []byte
}

// message makes a message that whole recognises, or one that holds a number.
func message(id uint64, n ...uint64) []byte {
	b := filled(id, chaosSize(id))
	if n != nil {
		b = make([]byte, 16)
		le.PutUint64(b[8:], n[0])
	}
	le.PutUint64(b, id)
	return b
}

// Senders are killed and stopped in the middle of messages: what the receiver
// gets is whole and in order, and then the end of the file.
func TestChaosSenders(t *testing.T) {
	leak.Check(t)
	n := (kills() + 1) / 2
	ctx := within(t, time.Duration(30+n)*time.Second)
	got := 0
	for range n {
		r, w, err := connection.OneWayPipe()
		if err != nil {
			t.Fatal(err)
		}
		var procs []*multiprocessing.Process
		for id := range uint64(2) {
			procs = append(procs, start(t, ctx, chaosSender.Bind(sendJob{w, id})))
		}
		w.Close()
		var next [2]uint64
		var killers sync.WaitGroup
		for {
			id, pid, err := chaosRecv(ctx, r)
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("after %v: %v", next, err)
			}
			s := id >> 32
			if s > 1 || id&(1<<32-1) != next[s] {
				t.Fatalf("message %x after %v", id, next)
			}
			next[s]++
			got++
			if pid > 0 {
				killers.Go(func() { torment(pid) })
			}
		}
		killers.Wait()
		r.Close()
		for _, p := range procs {
			if code := end(t, ctx, p); code != -int(syscall.SIGKILL) {
				t.Errorf("a sender ended by itself, with %d", code)
			}
		}
	}
	t.Logf("%d kills, %d messages", 2*n, got)
}

// start runs a function in a process of its own.
func start(t *testing.T, ctx context.Context, f conex.Bound) *multiprocessing.Process {
	t.Helper()
	p, err := multiprocessing.Go(ctx, f)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// end waits for the end of a process and returns its exit code.
func end(t *testing.T, ctx context.Context, p *multiprocessing.Process) int {
	t.Helper()
	if err := p.Join(ctx); err != nil {
		t.Error(err)
	}
	code, _ := p.ExitCode()
	p.Close()
	return code
}

// chaosRecv receives either kind of message and checks it.
func chaosRecv(ctx context.Context, r *connection.Connection) (id uint64, pid int, err error) {
	for {
		b, err := r.RecvBytes(ctx)
		switch {
		case err == nil && len(b) == 16 && le.Uint64(b)&(1<<32-1) == 0:
			return le.Uint64(b), int(le.Uint64(b[8:])), nil
		case err == nil:
			id, err = whole(b)
			return id, 0, err
		case !errors.Is(err, connection.ErrMismatch):
			return 0, 0, err
		}
		p, err := connection.Recv[chaosParcel](ctx, r)
		switch {
		case err == nil:
			p.C.Close()
			if i := p.ID & (1<<32 - 1); string(p.Data) != string(filled(i, chaosSize(i))) {
				return p.ID, 0, errTorn
			}
			return p.ID, 0, nil
		case !errors.Is(err, connection.ErrMismatch): // another process was faster
			return 0, 0, err
		}
	}
}

// torment stops a process once or twice, and kills it.
func torment(pid int) {
	for range rand.IntN(3) {
		time.Sleep(time.Duration(rand.IntN(2000)) * time.Microsecond)
		syscall.Kill(pid, syscall.SIGSTOP)
		time.Sleep(time.Duration(rand.IntN(2000)) * time.Microsecond)
		if rand.IntN(3) > 0 {
			syscall.Kill(pid, syscall.SIGCONT)
		}
	}
	time.Sleep(time.Duration(rand.IntN(3000)) * time.Microsecond)
	syscall.Kill(pid, syscall.SIGKILL)
}

// A recvJob is a process that receives messages and reports each, until it is
// killed.
type recvJob struct{ C, Report *connection.Connection }

var chaosReceiver = conex.Register("test/connection/chaosReceiver", func(ctx context.Context, j recvJob) (int, error) {
	defer j.C.Close()
	defer j.Report.Close()
	if err := connection.Send(ctx, j.Report, uint64(os.Getpid())); err != nil {
		return 0, err
	}
	for {
		id, _, err := chaosRecv(ctx, j.C)
		if err == io.EOF {
			return 0, nil
		}
		if err != nil {
			return 0, connection.Send(ctx, j.Report, err.Error())
		}
		if err := connection.Send(ctx, j.Report, id); err != nil {
			return 0, err
		}
	}
})

// One of two receivers at the same end is killed: what is sent arrives all the
// same, each message once, but for the one that the dead process had taken.
// Then the other one is: the sender learns that nobody is left.
func TestChaosReceivers(t *testing.T) {
	leak.Check(t)
	n := (kills() + 1) / 2
	ctx := within(t, time.Duration(30+n)*time.Second)
	sentAll := 0
	for range n {
		c, d := pipe(t)
		var reports []*connection.Connection
		var procs []*multiprocessing.Process
		for range 2 {
			r, w, err := connection.OneWayPipe()
			if err != nil {
				t.Fatal(err)
			}
			procs = append(procs, start(t, ctx, chaosReceiver.Bind(recvJob{d, w})))
			w.Close()
			reports = append(reports, r)
		}
		d.Close()
		var pids []int
		for _, r := range reports {
			pid, err := connection.Recv[uint64](ctx, r)
			if err != nil {
				t.Fatal(err)
			}
			pids = append(pids, int(pid))
		}
		// What each reports is read all the time, to the end.
		var ids [2][]uint64
		var reading sync.WaitGroup
		for i, r := range reports {
			reading.Go(func() {
				for {
					id, err := connection.Recv[uint64](ctx, r)
					if err == io.EOF {
						return
					}
					if err != nil {
						s, _ := connection.Recv[string](over(), r)
						t.Errorf("receiver %d: %v %s", i, err, s)
						return
					}
					ids[i] = append(ids[i], id)
				}
			})
		}
		var killer sync.WaitGroup
		killer.Go(func() { torment(pids[0]) })
		sent, err := uint64(0), error(nil)
		killed := make(chan struct{})
		go func() { killer.Wait(); close(killed) }()
		for more := 30; more > 0 && err == nil; sent++ {
			if sent%7 == 3 {
				err = connection.Send(ctx, c, chaosParcel{sent, c, filled(sent, chaosSize(sent))})
			} else {
				err = c.SendBytes(ctx, message(sent+1<<32))
			}
			select {
			case <-killed:
				more--
			default:
			}
		}
		if err != nil {
			t.Fatalf("after %d messages: %v", sent, err)
		}
		sentAll += int(sent)
		if rand.IntN(2) == 0 {
			c.Close() // the survivor gets everything, and the end
			reading.Wait()
			if err := procs[1].Join(ctx); err != nil {
				t.Error(err)
			}
			if code, _ := procs[1].ExitCode(); code != 0 {
				t.Errorf("the survivor ended with %d: %v", code, procs[1].Err())
			}
			all := slices.Concat(ids[0], ids[1])
			for i := range all {
				all[i] &= 1<<32 - 1
			}
			slices.Sort(all)
			if all = slices.Compact(all); len(all) != len(ids[0])+len(ids[1]) {
				t.Errorf("of %d reports %d are new", len(ids[0])+len(ids[1]), len(all))
			}
			if len(all) < int(sent)-1 || len(all) > int(sent) {
				t.Errorf("%d of %d messages", len(all), sent)
			}
		} else {
			syscall.Kill(pids[1], syscall.SIGKILL)
			for err == nil {
				err = c.SendBytes(ctx, make([]byte, 1000))
			}
			if !errors.Is(err, connection.ErrBrokenPipe) {
				t.Errorf("sending to the dead: %v", err)
			}
			reading.Wait()
		}
		for _, p := range procs {
			end(t, ctx, p)
		}
		c.Close()
		for _, r := range reports {
			r.Close()
		}
	}
	t.Logf("%d kills, %d messages", 2*n, sentAll)
}
