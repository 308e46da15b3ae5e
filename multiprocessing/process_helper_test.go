package multiprocessing_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/handle"
	mp "github.com/conexgo/conex/multiprocessing"
)

type none = struct{}

var errTest = errors.New("test error")

func init() { conex.RegisterError("test/process/errTest", errTest) }

// within is a context for what must not take long.
func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// each runs the same test under each start method.
func each(t *testing.T, f func(t *testing.T, opt mp.Option)) {
	for _, m := range mp.AllStartMethods() {
		t.Run(string(m), func(t *testing.T) {
			t.Cleanup(mp.StopForkServer)
			f(t, mp.WithContext(mp.Context{Method: m}))
		})
	}
}

// A mail is the end of a pipe to which processes write lines. It travels as a
// handle.
type mail struct{ f *os.File }

func (m *mail) AppendHandle(e *codec.Encoder) error { return handle.AppendFile(e, m.f) }
func (m *mail) ReadHandle(d *codec.Decoder) (err error) {
	m.f, err = handle.ReadFile(d)
	return err
}

func (m *mail) send(v ...any) { m.f.WriteString(strings.TrimSuffix(fmt.Sprintln(v...), "\n") + "\n") }

// A box is the other end.
type box struct {
	t *testing.T
	*mail
	r *os.File
	b *bufio.Reader
}

func newBox(t *testing.T) *box {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	r.SetReadDeadline(time.Now().Add(20 * time.Second))
	return &box{t, &mail{w}, r, bufio.NewReader(r)}
}

// line is the next line.
func (b *box) line() string {
	b.t.Helper()
	s, err := b.b.ReadString('\n')
	if err != nil {
		b.t.Fatalf("%q, %v", s, err)
	}
	return strings.TrimSuffix(s, "\n")
}

func (b *box) want(lines ...string) {
	b.t.Helper()
	for _, w := range lines {
		if got := b.line(); got != w {
			b.t.Errorf("got %q, want %q", got, w)
		}
	}
}

// rest is what comes until all who write have ended or closed it.
func (b *box) rest() string {
	b.t.Helper()
	b.f.Close()
	s, err := io.ReadAll(b.b)
	if err != nil {
		b.t.Errorf("%q, %v", s, err)
	}
	return string(s)
}

// nest runs a process of a method inside another.
var nest = conex.Register("test/process/nest", func(ctx context.Context, n nesting) (none, error) {
	p, err := mp.Go(ctx, done.Bind(n.To), mp.WithContext(mp.Context{Method: n.Method}))
	if err != nil {
		return none{}, err
	}
	if err := p.Join(ctx); err != nil {
		return none{}, err
	}
	return none{}, p.Err()
})

type nesting struct {
	Method mp.StartMethod
	To     *mail
}

// done says that it was there.
var done = conex.Register("test/process/done", func(_ context.Context, m *mail) (none, error) {
	time.Sleep(rand.N(2 * time.Millisecond))
	m.send("done")
	return none{}, nil
})

// run starts a process and waits for its end.
func run(t *testing.T, target conex.Bound, opts ...mp.Option) *mp.Process {
	t.Helper()
	p := begin(t, target, opts...)
	end(t, p)
	return p
}

func begin(t *testing.T, target conex.Bound, opts ...mp.Option) *mp.Process {
	t.Helper()
	p, err := mp.Go(context.Background(), target, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Kill()
		<-p.Done()
	})
	return p
}

func end(t *testing.T, p *mp.Process) {
	t.Helper()
	if err := p.Join(within(t, 20*time.Second)); err != nil {
		t.Fatalf("%v: %v", p, err)
	}
}

func wantCode(t *testing.T, p *mp.Process, want int) {
	t.Helper()
	if code, ok := p.ExitCode(); !ok || code != want {
		t.Errorf("%v: exit code %d, %v, want %d", p, code, ok, want)
	}
}

// captured returns what f and the processes that it starts write to the stream.
func captured(t *testing.T, stream **os.File, f func()) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	old := *stream
	*stream = w
	out := make(chan string)
	go func() {
		b, _ := io.ReadAll(r)
		out <- string(b)
	}()
	defer r.Close()
	func() {
		defer func() { *stream = old; w.Close() }()
		f()
		mp.StopForkServer() // they hold the stream as well
	}()
	return <-out
}

// programs are other programs, played by this one: see program.
var programs = map[string]func(args []string){}

// TestProgram is no test: it plays a program.
func TestProgram(t *testing.T) {
	if name := os.Getenv("CONEX_TEST_PROGRAM"); name != "" {
		os.Unsetenv("CONEX_TEST_PROGRAM")
		words := strings.Fields(name)
		programs[words[0]](words[1:])
		os.Exit(0)
	}
}

// program returns the command that runs one of them.
func program(name ...string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestProgram$")
	cmd.Env = append(os.Environ(), "CONEX_TEST_PROGRAM="+strings.Join(name, " "), "GOTRACEBACK=none")
	return cmd
}

func orExit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "unexpected:", err)
		os.Exit(99)
	}
}
