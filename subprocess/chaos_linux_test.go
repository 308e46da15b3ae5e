package subprocess_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
	. "github.com/conexgo/conex/subprocess"
)

// chaosRounds is how many programs meet with an accident: CONEX_CHAOS, or few.
func chaosRounds(t *testing.T) int {
	if s := os.Getenv("CONEX_CHAOS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal("CONEX_CHAOS:", err)
		}
		return n
	}
	return 40
}

// chaosMark is a variable of the environment by which everything that a round has started is known.
const chaosMark = "CONEX_CHAOS_MARK"

// marked are the processes that run and have the mark.
func marked(mark string) (pids []int) {
	want := []byte(chaosMark + "=" + mark + "\x00")
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, f := range files {
		if b, err := os.ReadFile(f); err == nil && bytes.Contains(b, want) {
			pid, _ := strconv.Atoi(strings.Split(f, "/")[2])
			pids = append(pids, pid)
		}
	}
	return living(pids)
}

// A chaosKind is a program, and what one does with it until it has ended, whatever ends it.
type chaosKind struct {
	name   string
	script string
	// sessions: some of its tree leave the group. If then one above them ends otherwise than by Kill, they are orphans, and
	// live on: so only Kill ends it.
	sessions bool
	use      func(ctx context.Context, cmd Cmd, started func(*Popen)) error
}

const chaosTree = `sh -c 'sleep 1000 & sleep 1000 & wait' & sh -c 'trap "" TERM; sleep 1000 & wait' & wait`

var chaosKinds = []chaosKind{
	{"communicate", "cat", false, chaosCommunicate},
	{"communicate through a shell", "cat | cat | cat", false, chaosCommunicate},
	{"communicate, tree", "sleep 1000 & sleep 1000 & cat; " + chaosTree, false, chaosCommunicate},
	{"lines", "while :; do echo out; echo err >&2; done", false, chaosLines},
	{"tree", chaosTree, false, chaosWait},
	{"tree, sessions", "setsid sh -c 'sleep 1000 & wait' & " + chaosTree, true, chaosWait},
	{"forks without end", "while :; do sleep 1000 & sleep 0.002; done", false, chaosWait},
	{"short", "sleep 0.01 & exit 3", false, chaosWait},
	{"copied", "yes | head -c 3000000; sleep 1000 & cat", false, chaosCopied},
}

func chaosCommunicate(ctx context.Context, cmd Cmd, started func(*Popen)) error {
	cmd.Stdin, cmd.Stdout, cmd.Stderr = Pipe, Pipe, Pipe
	p, err := Start(ctx, cmd)
	if err != nil {
		return err
	}
	started(p)
	input := megabyte
	for { // again and again, as one who looks at a clock does
		short, cancel := context.WithTimeout(context.Background(), 3*time.Millisecond)
		out, _, err := p.Communicate(short, input)
		cancel()
		input = nil
		if !errors.Is(err, context.DeadlineExceeded) {
			if !bytes.HasPrefix(megabyte, out) {
				err = errors.Join(err, fmt.Errorf("%d bytes, and not what was put in", len(out)))
			}
			return err
		}
	}
}

func chaosLines(ctx context.Context, cmd Cmd, started func(*Popen)) error {
	cmd.Stdout, cmd.Stderr = Pipe, Pipe
	p, err := Start(ctx, cmd)
	if err != nil {
		return err
	}
	started(p)
	for line, err := range p.Lines() {
		if err != nil {
			return err
		}
		want := map[string]string{"stdout": "out", "stderr": "err"}[line.Stream]
		if !strings.HasPrefix(want, line.String()) { // the last one may be cut
			return fmt.Errorf("a line %q of %s", line, line.Stream)
		}
	}
	return nil
}

func chaosWait(ctx context.Context, cmd Cmd, started func(*Popen)) error {
	p, err := Start(ctx, cmd)
	if err != nil {
		return err
	}
	started(p)
	_, err = p.Wait(context.Background())
	return err
}

func chaosCopied(ctx context.Context, cmd Cmd, started func(*Popen)) error {
	r, w := io.Pipe()
	defer r.Close()
	defer w.Close()
	go io.WriteString(w, "never the end")
	cmd.Stdin, cmd.Stdout = r, io.Discard
	return chaosWait(ctx, cmd, started)
}

// chaosAccidents are what can happen. Strangers take a process of the tree by its number. What orphans may end the program
// before what is below it.
var chaosAccidents = []struct {
	name              string
	stranger, orphans bool
	happen            func(p *Popen, cancel func(), pid int)
}{
	{"SIGKILL", true, true, func(_ *Popen, _ func(), pid int) { syscall.Kill(pid, syscall.SIGKILL) }},
	{"SIGSTOP", true, true, func(_ *Popen, _ func(), pid int) { syscall.Kill(pid, syscall.SIGSTOP) }},
	{"SIGSTOP to us all", true, true, func(p *Popen, _ func(), pid int) { syscall.Kill(-p.PID(), syscall.SIGSTOP) }},
	{"SIGSEGV", true, true, func(_ *Popen, _ func(), pid int) { syscall.Kill(pid, syscall.SIGSEGV) }},
	{"Kill", false, false, func(p *Popen, _ func(), _ int) { p.Kill() }},
	{"Terminate", false, true, func(p *Popen, _ func(), _ int) { p.Terminate() }},
	{"the context", false, false, func(_ *Popen, cancel func(), _ int) { cancel() }},
	{"all at once", false, true, func(p *Popen, cancel func(), _ int) {
		go p.Kill()
		go p.Terminate()
		cancel()
	}},
}

// Programs and parts of their trees are killed and stopped at random moments, contexts end. Everything comes to an end, and
// of nothing anything is left.
func TestChaos(t *testing.T) {
	leak.Check(t)
	rounds := chaosRounds(t)
	next := make(chan int)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range next {
				chaosRound(t, i)
			}
		})
	}
	for i := range rounds {
		next <- i
	}
	close(next)
	all.Wait()
}

func chaosRound(t *testing.T, i int) {
	kind := chaosKinds[rand.IntN(len(chaosKinds))]
	accident := chaosAccidents[rand.IntN(len(chaosAccidents))]
	for kind.sessions && accident.orphans {
		accident = chaosAccidents[rand.IntN(len(chaosAccidents))]
	}
	mark := fmt.Sprintf("%d-%d", os.Getpid(), i)
	what := fmt.Sprintf("round %d: %s, %s", i, kind.name, accident.name)
	// Whatever else happens, the context ends: who is stopped would wait for ever.
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(50+rand.IntN(100))*time.Millisecond)
	defer cancel()
	cmd := shCmd(kind.script)
	cmd.Env = append(os.Environ(), chaosMark+"="+mark)
	cmd.Stderr = DevNull // shells tell of the deaths of others
	if !kind.sessions && rand.IntN(2) == 0 {
		cmd.Grace = time.Duration(rand.IntN(20)) * time.Millisecond
	}
	if rand.IntN(2) == 0 {
		cmd.Drain = -1 // until the pipes are closed: all that could hold them must be dead
	}
	var aid sync.WaitGroup
	finished := make(chan error, 1)
	started := make(chan *Popen, 1)
	aid.Go(func() { finished <- kind.use(ctx, cmd, func(p *Popen) { started <- p }) })
	aid.Go(func() {
		var p *Popen
		select {
		case p = <-started:
		case <-ctx.Done():
			return // it was not even started
		}
		after := time.NewTimer(time.Duration(rand.IntN(30_000)) * time.Microsecond)
		defer after.Stop()
		select {
		case <-after.C:
		case <-p.Done():
			return
		}
		pid := 0
		if accident.stranger {
			pids := marked(mark)
			if len(pids) == 0 {
				return
			}
			pid = pids[rand.IntN(len(pids))]
		}
		accident.happen(p, cancel, pid)
	})
	select {
	case err := <-finished:
		if err != nil && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", what, err)
		}
	case <-time.After(20 * time.Second):
		t.Errorf("%s: it hangs; still there: %v", what, marked(mark))
	}
	aid.Wait()
	deadline := time.Now().Add(5 * time.Second)
	for left := marked(mark); len(left) > 0; left = marked(mark) {
		if time.Now().After(deadline) {
			t.Errorf("%s: left behind: %v", what, left)
			for _, pid := range left {
				syscall.Kill(pid, syscall.SIGKILL)
			}
			return
		}
		time.Sleep(time.Millisecond) // strangers' deaths are not told
	}
}
