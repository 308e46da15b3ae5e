package multiprocessing_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/contextvars"
	"github.com/conexgo/conex/internal/exit"
	"github.com/conexgo/conex/internal/inherit"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/internal/self"
	mp "github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/threading"
)

var traveller = contextvars.NewVar("test/process/traveller", contextvars.WithDefault("nobody"), contextvars.Propagated[string]())

// whoami reports all that a process knows of itself.
var whoami = conex.Register("test/process/whoami", func(ctx context.Context, m *mail) (none, error) {
	me, parent := mp.CurrentProcess(), mp.ParentProcess()
	pid, ok := me.PID()
	_, ended := me.ExitCode()
	m.send(me.Name(), pid == os.Getpid() && ok, me.Alive(), me.Daemon(), ended)
	m.send(string(me.AuthKey()))
	m.send(parent.Name(), parent.PID(), parent.Alive())
	m.send(parent)
	_, err := os.Stdin.Read(make([]byte, 1))
	m.send(err == io.EOF)
	who, _ := traveller.Get(ctx)
	m.send(threading.Current(ctx) == threading.Main(), who)
	method, set := mp.StartMethodSet()
	m.send(method, set, mp.LogLevel())
	return none{}, nil
})

func TestWhoAmI(t *testing.T) {
	leak.Check(t)
	each(t, func(t *testing.T, opt mp.Option) {
		mp.ForceStartMethod(mp.ForkServer)
		old := mp.LogLevel()
		mp.SetLogLevel(mp.LevelSubWarning)
		defer func() {
			mp.ForceStartMethod(mp.DefaultStartMethod)
			mp.SetLogLevel(old)
		}()
		b := newBox(t)
		p := mp.New(whoami.Bind(b.mail), opt, mp.WithName("Alice"), mp.WithDaemon(true))
		p.SetAuthKey([]byte("a key"))
		ctx := inherit.Own(context.Background())
		traveller.Set(ctx, "somebody")
		if err := p.Start(ctx); err != nil {
			t.Fatal(err)
		}
		b.want("Alice true true true false",
			"a key",
			fmt.Sprintf("MainProcess %d true", os.Getpid()),
			fmt.Sprintf("<ParentProcess name='MainProcess' pid=%d started>", os.Getpid()),
			"true",
			"true somebody",
			"forkserver true INFO+2")
		end(t, p)
	})
}

func TestMainProcess(t *testing.T) {
	me := mp.CurrentProcess()
	if me != mp.CurrentProcess() || me.Name() != "MainProcess" || !me.Alive() || me.Daemon() || mp.ParentProcess() != nil || len(me.AuthKey()) != 32 {
		t.Errorf("%v", me)
	}
	if pid, ok := me.PID(); pid != os.Getpid() || !ok {
		t.Error(pid)
	}
	if want := fmt.Sprintf("<MainProcess name='MainProcess' pid=%d started>", os.Getpid()); me.String() != want {
		t.Errorf("%v, want %s", me, want)
	}
}

// descend starts two children, one after the other, for each level below it.
var descend *conex.Func[family, none]

type family struct {
	Level int
	To    *mail
}

func init() {
	descend = conex.Register("test/process/descend", func(ctx context.Context, f family) (none, error) {
		f.To.send(mp.CurrentProcess().Name())
		if f.Level == 0 {
			return none{}, nil
		}
		f.Level--
		for range 2 {
			p, err := mp.Go(ctx, descend.Bind(f))
			if err != nil {
				return none{}, err
			}
			p.Join(ctx)
			if p.Err() != nil {
				return none{}, p.Err()
			}
		}
		return none{}, nil
	})
}

// Children start children, and names tell the descent.
func TestDescent(t *testing.T) {
	leak.Check(t)
	each(t, func(t *testing.T, opt mp.Option) {
		b := newBox(t)
		p := run(t, descend.Bind(family{2, b.mail}), opt)
		if p.Err() != nil {
			t.Error(p.Err())
		}
		prefix := p.Name()
		if !strings.Contains(prefix, "Process-") {
			t.Errorf("name %q", prefix)
		}
		b.want(prefix)
		_, n, _ := strings.Cut(prefix, "-")
		for _, child := range []string{":1", ":1:1", ":1:2", ":2", ":2:1", ":2:2"} {
			b.want("Process-" + n + child)
		}
	})
}

func TestNames(t *testing.T) {
	for method, prefix := range map[mp.StartMethod]string{mp.DefaultStartMethod: "Process-", mp.Spawn: "SpawnProcess-", mp.ForkServer: "ForkServerProcess-"} {
		a, b := mp.New(conex.Bound{}, mp.WithContext(mp.Context{Method: method})), mp.New(conex.Bound{}, mp.WithContext(mp.Context{Method: method}))
		var i, j int
		fmt.Sscanf(a.Name(), prefix+"%d", &i)
		fmt.Sscanf(b.Name(), prefix+"%d", &j)
		if i == 0 || j != i+1 {
			t.Errorf("%q and %q", a.Name(), b.Name())
		}
	}
}

// startOne starts a child and reports what became of that.
var startOne = conex.Register("test/process/startOne", func(ctx context.Context, m *mail) (none, error) {
	p := mp.New(nothing.Bind(none{}))
	err := p.Start(ctx)
	m.send(errors.Is(err, mp.ErrDaemonChild), p.Daemon())
	return none{}, nil
})

func TestDaemonHasNoChildren(t *testing.T) {
	each(t, func(t *testing.T, opt mp.Option) {
		b := newBox(t)
		run(t, startOne.Bind(b.mail), opt, mp.WithDaemon(true))
		run(t, startOne.Bind(b.mail), opt)
		b.want("true true", "false false")
	})
}

// elders end in their own time: each stage of the exit runs in a child.
var elder = conex.Register("test/process/elder", func(ctx context.Context, m *mail) (none, error) {
	exit.Register(exit.Queues, func(context.Context) { m.send("queues") })
	threading.Go(ctx, func(ctx context.Context) error {
		time.Sleep(20 * time.Millisecond)
		m.send("thread")
		return nil
	})
	threading.Go(ctx, func(context.Context) error { select {} }, threading.WithDaemon(true))
	if _, err := mp.Go(context.Background(), late.Bind(m)); err != nil {
		return none{}, err
	}
	if _, err := mp.Go(context.Background(), deaf.Bind(m), mp.WithDaemon(true)); err != nil {
		return none{}, err
	}
	return none{}, nil
})

var late = conex.Register("test/process/late", func(ctx context.Context, m *mail) (none, error) {
	time.Sleep(100 * time.Millisecond)
	m.send("child")
	return none{}, nil
})

// A child waits for its threads and its own children, ends those that are
// daemons, and flushes what is buffered, in this order.
func TestExitOfAChild(t *testing.T) {
	leak.Check(t)
	each(t, func(t *testing.T, opt mp.Option) {
		b := newBox(t)
		p := run(t, elder.Bind(b.mail), opt)
		wantCode(t, p, 0)
		got := strings.Replace(b.rest(), "deaf\n", "", 1) // if it got that far
		if got != "thread\nchild\nqueues\n" {
			t.Errorf("%q", got)
		}
	})
}

// The main program does the same under conex.Main.
func TestExitOfTheProgram(t *testing.T) {
	b := newBox(t)
	cmd := program("elder")
	cmd.Stdout = b.f
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		t.Error(err)
	}
	got := strings.Replace(b.rest(), "deaf\n", "", 1)
	if got != "thread\nchild\nqueues\nafter\n" {
		t.Errorf("%q", got)
	}
}

func init() {
	programs["elder"] = func([]string) {
		conex.Main(func(ctx context.Context) error { return elder.Bind(&mail{os.Stdout}).Call(ctx) })
		if len(mp.ActiveChildren()) == 0 {
			fmt.Println("after")
		}
	}
	programs["daemon"] = func([]string) {
		self.Take(self.Hand("Worker-7", true))
		p := mp.New(nothing.Bind(none{}))
		fmt.Println(mp.CurrentProcess().Name(), mp.CurrentProcess().Daemon(), errors.Is(p.Start(context.Background()), mp.ErrDaemonChild), mp.ParentProcess().Name())
	}
}

// Other engines' workers are told who they are by package self.
func TestWorkersOfOthers(t *testing.T) {
	out, err := program("daemon").CombinedOutput()
	if err != nil || string(out) != "Worker-7 true true MainProcess\n" {
		t.Errorf("%q, %v", out, err)
	}
	self.Take([]byte("nonsense"))
	self.Take(nil)
	if mp.CurrentProcess().Name() != "MainProcess" {
		t.Error(mp.CurrentProcess())
	}
}

// Many at a time, all of which end, and all of which are ended.
func TestMany(t *testing.T) {
	leak.Check(t)
	each(t, func(t *testing.T, opt mp.Option) {
		const n = 30
		all := make(chan *mp.Process, n)
		for range n {
			go func() {
				p, err := mp.Go(context.Background(), block.Bind(none{}), opt)
				if err != nil {
					t.Error(err)
				}
				all <- p
			}()
		}
		var list []*mp.Process
		for range n {
			if p := <-all; p != nil {
				list = append(list, p)
			}
		}
		if got := len(mp.ActiveChildren()); got != len(list) {
			t.Errorf("%d active of %d", got, len(list))
		}
		for _, p := range list {
			if err := p.Terminate(); err != nil {
				t.Error(err)
			}
		}
		for _, p := range list {
			end(t, p)
			wantCode(t, p, -15)
		}
	})
}

// count reports how many descriptors a child has.
var count = conex.Register("test/process/count", func(ctx context.Context, m *mail) (none, error) {
	list, err := os.ReadDir("/proc/self/fd")
	m.send(len(list))
	<-ctx.Done()
	return none{}, err
})

// Descriptors of a child do not grow with the number of children that run.
func TestChildrenInheritNothing(t *testing.T) {
	each(t, func(t *testing.T, opt mp.Option) {
		if opt != nil && strings.HasSuffix(t.Name(), "forkserver") {
			mp.WarmForkServer(within(t, 10*time.Second))
		}
		b := newBox(t)
		var first string
		for i := range 5 {
			begin(t, count.Bind(b.mail), opt)
			if n := b.line(); i == 0 {
				first = n
			} else if n != first {
				t.Errorf("child %d has %s descriptors, the first had %s", i, n, first)
			}
		}
	})
}
