package multiprocessing_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/internal/worker"
	mp "github.com/conexgo/conex/multiprocessing"
)

// errUnguarded is what Start answers before conex.Init was called. A child would
// count the process that is made for it.
var errUnguarded = func() error {
	if os.Getenv(worker.EnvVar) != "" {
		return nil
	}
	return mp.New(conex.Bound{}).Start(context.Background())
}()

func TestUnguarded(t *testing.T) {
	if !errors.Is(errUnguarded, worker.ErrNoInit) || !strings.Contains(errUnguarded.Error(), "conex.Main") {
		t.Error(errUnguarded)
	}
}

// A start that fails leaves nothing, and can be tried again.
func TestStartFails(t *testing.T) {
	leak.Check(t)
	each(t, func(t *testing.T, opt mp.Option) {
		over, cancel := context.WithCancelCause(context.Background())
		cancel(errTest)
		p := mp.New(nothing.Bind(none{}), opt)
		if err := p.Start(over); !errors.Is(err, context.Canceled) || !errors.Is(err, errTest) || p.Alive() {
			t.Errorf("%v: %v", p, err)
		}
		if err := p.Start(context.Background()); err != nil {
			t.Error(err)
		}
		end(t, p)
		wantCode(t, p, 0)
		for _, c := range []struct {
			target conex.Bound
			text   []string
		}{
			{unknown().Bind(none{}), []string{"test/process/unknown", "conex.Register"}},
			{channel.Bind(make(chan int)), []string{"test/process/channel", "chan int"}},
			{itself.Bind(mp.CurrentProcess()), []string{"test/process/itself", "unexported"}},
			{picky.Bind(pickyArg{"not here"}), []string{"test/process/picky", "not here"}},
			{picky.Bind(pickyArg{"panic"}), []string{"test/process/picky", "panic: "}},
		} {
			p := mp.New(c.target, opt)
			err := p.Start(context.Background())
			for _, text := range c.text {
				if err == nil || !strings.Contains(err.Error(), text) {
					t.Errorf("%q: %v", text, err)
				}
			}
			if !errors.Is(err, mp.ErrProcess) || p.Alive() || len(mp.ActiveChildren()) != 0 {
				t.Errorf("%v: %v", p, err)
			}
		}
	})
	p := mp.New(nothing.Bind(none{}), mp.WithContext(mp.Context{Method: mp.Fork}))
	if err := p.Start(context.Background()); !errors.Is(err, mp.ErrStartMethod) || !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("fork: %v", err)
	}
}

var (
	channel = conex.Register("test/process/channel", func(context.Context, chan int) (none, error) { return none{}, nil })
	itself  = conex.Register("test/process/itself", func(context.Context, *mp.Process) (none, error) { return none{}, nil })
	picky   = conex.Register("test/process/picky", func(context.Context, pickyArg) (none, error) { return none{}, nil })
)

// A pickyArg cannot be decoded.
type pickyArg struct{ s string }

func (a pickyArg) MarshalBinary() ([]byte, error) { return []byte(a.s), nil }
func (a *pickyArg) UnmarshalBinary(b []byte) error {
	if string(b) == "panic" {
		panic("out of order")
	}
	return errors.New(string(b))
}

// unknown returns a function that children do not know, like one that was
// defined at Python's prompt.
func unknown() *conex.Func[none, none] {
	if unknownFunc == nil {
		unknownFunc = conex.Register("test/process/unknown", func(context.Context, none) (none, error) { return none{}, nil })
	}
	return unknownFunc
}

var unknownFunc *conex.Func[none, none]

// Arguments arrive as they were: large ones, none at all, and handles inside.
func TestArguments(t *testing.T) {
	leak.Check(t)
	each(t, func(t *testing.T, opt mp.Option) {
		big := bytes.Repeat([]byte("0123456789abcdef"), 1_000_000)
		b := newBox(t)
		run(t, compare.Bind(parcel{Big: big, Sum: sum(big), To: map[string][]*mail{"a": {nil, b.mail}, "b": {b.mail}}}), opt)
		b.want("a", "b")
		if p := run(t, conex.Bound{}, opt); p.Err() != nil {
			t.Error(p.Err())
		}
	})
}

type parcel struct {
	Big []byte
	Sum int
	To  map[string][]*mail
}

func sum(b []byte) (n int) {
	for i, c := range b {
		n += i * int(c)
	}
	return n
}

var compare = conex.Register("test/process/compare", func(_ context.Context, p parcel) (none, error) {
	if sum(p.Big) != p.Sum || p.To["a"][0] != nil {
		return none{}, errTest
	}
	p.To["a"][1].send("a")
	p.To["b"][0].send("b")
	return none{}, nil
})

// A descriptor in an argument is the function's own: when that closes it, the
// other end sees it, while the process goes on.
func TestHandleIsTheFunctionsOwn(t *testing.T) {
	each(t, func(t *testing.T, opt mp.Option) {
		b := newBox(t)
		p := begin(t, closes.Bind(b.mail), opt)
		if got := b.rest(); got != "last words\n" || !p.Alive() {
			t.Errorf("%q, %v", got, p)
		}
	})
}

var closes = conex.Register("test/process/closes", func(ctx context.Context, m *mail) (none, error) {
	m.send("last words")
	m.f.Close()
	<-ctx.Done()
	return none{}, nil
})
