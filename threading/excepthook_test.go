package threading

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
)

// stderrOf returns what fn has written to standard error.
func stderrOf(t *testing.T, fn func()) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	old := os.Stderr
	os.Stderr = w
	text := make(chan string)
	go func() {
		var b bytes.Buffer
		io.Copy(&b, r)
		text <- b.String()
	}()
	fn()
	os.Stderr = old
	w.Close()
	defer r.Close()
	return <-text
}

// setExceptHook sets h until restore is called.
func setExceptHook(h ExceptHook) (restore func()) {
	old := SetExceptHook(h)
	return func() { SetExceptHook(old) }
}

func fails(context.Context) error { return errTest }

func panics(context.Context) error { panic(errTest) }

func TestExceptHook(t *testing.T) {
	leak.Check(t)
	ended, cancel := context.WithCancelCause(context.Background())
	cause := errors.New("enough")
	cancel(cause)
	late, cancelLate := context.WithTimeout(context.Background(), -1)
	defer cancelLate()
	for _, tc := range []struct {
		name   string
		ctx    context.Context
		fn     func(context.Context) error
		told   bool
		panic  any
		result error // what Err matches
	}{
		{"success", nil, func(context.Context) error { return nil }, false, nil, nil},
		{"error", nil, fails, true, nil, errTest},
		{"panic", nil, panics, true, errTest, errTest},
		{"exit", nil, func(context.Context) error { return fmt.Errorf("done: %w", ErrExit) }, false, nil, nil},
		{"Goexit", nil, func(context.Context) error { runtime.Goexit(); return errTest }, false, nil, nil},
		{"cancelled", ended, func(ctx context.Context) error { return ctx.Err() }, false, nil, context.Canceled},
		{"cause", ended, func(ctx context.Context) error { return context.Cause(ctx) }, false, nil, cause},
		{"deadline", late, func(ctx context.Context) error { return ctx.Err() }, false, nil, context.DeadlineExceeded},
		{"another failure in an ended context", ended, fails, true, nil, errTest},
		{"panic in an ended context", ended, func(ctx context.Context) error { panic(ctx.Err()) }, true, context.Canceled, context.Canceled},
		{"somebody else's end", nil, func(context.Context) error { return context.Canceled }, true, nil, context.Canceled},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var told []ExceptHookArgs
			defer setExceptHook(func(args ExceptHookArgs) {
				if !args.Thread.Alive() {
					t.Error("the thread is dead")
				}
				told = append(told, args)
			})()
			ctx := tc.ctx
			if ctx == nil {
				ctx = context.Background()
			}
			th, _ := Go(ctx, tc.fn)
			if err := th.Join(context.Background()); err != nil {
				t.Errorf("Join: %v", err)
			}
			if !isOrNil(th.Err(), tc.result) || len(told) != map[bool]int{true: 1}[tc.told] {
				t.Errorf("Err is %v, the hook was told %v", th.Err(), told)
			}
			if tc.told {
				a := told[0]
				if a.Thread != th || a.Panic != tc.panic || a.Err != th.Err() || (a.Stack != nil) != (tc.panic != nil) {
					t.Errorf("the hook was told %v", a)
				}
			}
		})
	}
}

func TestPanicError(t *testing.T) {
	defer setExceptHook(func(ExceptHookArgs) {})()
	th, _ := Go(context.Background(), panics)
	th.Join(context.Background())
	var p *PanicError
	if !errors.As(th.Err(), &p) || p.Value != errTest || !strings.Contains(string(p.Stack), "threading.panics") || !strings.Contains(p.Error(), "test") {
		t.Errorf("Err is %v", th.Err())
	}
	if (&PanicError{Value: 7}).Unwrap() != nil {
		t.Error("7 is no error")
	}
}

func TestDefaultExceptHook(t *testing.T) {
	ctx := context.Background()
	for _, tc := range []struct {
		name string
		do   func()
		want []string
	}{
		{"error", func() { th, _ := Go(ctx, fails, WithName("loser")); th.Join(ctx) }, []string{"Failure in thread loser: test\n"}},
		{"panic", func() { th, _ := Go(ctx, panics, WithName("loser")); th.Join(ctx) },
			[]string{"Failure in thread loser: threading: panic: test\n", "goroutine ", "threading.panics"}},
		{"exit", func() { th, _ := Go(ctx, func(context.Context) error { return ErrExit }); th.Join(ctx) }, nil},
		{"no thread", func() { DefaultExceptHook(ExceptHookArgs{Err: errTest}) }, []string{"Failure in a thread: test\n"}},
		{"hook fails", func() {
			defer setExceptHook(func(ExceptHookArgs) { panic("sick") })()
			th, _ := Go(ctx, fails, WithName("loser"))
			th.Join(ctx)
		}, []string{"Failure in thread loser: test\n", "its ExceptHook failed: threading: panic: sick\n", "goroutine "}},
		{"hook put back", func() {
			SetExceptHook(SetExceptHook(func(ExceptHookArgs) { t.Error("called") }))
			th, _ := Go(ctx, fails, WithName("loser"))
			th.Join(ctx)
		}, []string{"Failure in thread loser: test\n"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text := stderrOf(t, tc.do)
			if tc.want == nil && text != "" {
				t.Errorf("wrote %q", text)
			}
			for _, want := range tc.want {
				if !strings.Contains(text, want) {
					t.Errorf("wrote %q, want %q", text, want)
				}
			}
		})
	}
	if SetExceptHook(nil) == nil {
		t.Error("the old hook is nil")
	}
}

// Whatever a hook does, the thread ends.
func TestHookExits(t *testing.T) {
	leak.Check(t)
	defer setExceptHook(func(ExceptHookArgs) { runtime.Goexit() })()
	th, _ := Go(context.Background(), fails)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := th.Join(ctx); err != nil || th.Err() != errTest {
		t.Error(err, th.Err())
	}
}
