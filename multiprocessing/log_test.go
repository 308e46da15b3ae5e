package multiprocessing_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/conexgo/conex"
	mp "github.com/conexgo/conex/multiprocessing"
)

// quietly restores the logger.
func quietly(t *testing.T) {
	old := mp.LogLevel()
	t.Cleanup(func() {
		mp.SetLogHandler(nil)
		mp.SetLogLevel(old)
	})
}

func TestLogger(t *testing.T) {
	quietly(t)
	ctx := context.Background()
	if mp.Logger().Enabled(ctx, slog.LevelError) {
		t.Error("the logger is not silent at first")
	}
	before := mp.Logger().With("a", 1).WithGroup("g")
	stderr := captured(t, &os.Stderr, func() {
		if mp.LogToStderr(nil) != mp.Logger() {
			t.Error("another logger")
		}
		l := mp.Logger()
		l.Warn("doomed")
		before.Info("with", "b", "two words", slog.Group("h", "c", 3))
		l.Log(ctx, mp.LevelSubDebug, "everything")
		l.Log(ctx, mp.LevelSubDebug-1, "not even this")
		l.Log(ctx, mp.LevelSubWarning, "almost")
		mp.LogToStderr(slog.LevelError)
		l.Warn("too low")
		l.Error("high", "err", errTest)
		mp.SetLogHandler(nil)
		l.Error("nobody listens")
	})
	want := strings.Join([]string{
		"[WARNING/MainProcess] doomed",
		`[INFO/MainProcess] with a=1 g.b="two words" g.h.c=3`,
		"[SUBDEBUG/MainProcess] everything",
		"[SUBWARNING/MainProcess] almost",
		`[ERROR/MainProcess] high err="test error"`, "",
	}, "\n")
	if stderr != want {
		t.Errorf("got\n%s\nwant\n%s", stderr, want)
	}
	var b bytes.Buffer
	mp.SetLogLevel(slog.LevelInfo)
	mp.SetLogHandler(slog.NewTextHandler(&b, nil))
	before.Info("elsewhere", "b", 2)
	before.Debug("nowhere")
	if got := b.String(); !strings.Contains(got, "msg=elsewhere a=1 g.b=2\n") || strings.Contains(got, "nowhere") {
		t.Errorf("%q", got)
	}
}

var speak = conex.Register("test/log/speak", func(context.Context, none) (none, error) {
	mp.Logger().Info("from below")
	mp.Logger().Error("aloud")
	return none{}, nil
})

// Children inherit the level, and that of standard error only.
func TestLogOfChildren(t *testing.T) {
	each(t, func(t *testing.T, opt mp.Option) {
		quietly(t)
		opts := []mp.Option{opt, mp.WithName("Child")}
		for _, c := range []struct {
			set  func()
			want string
		}{
			{func() {}, ""},
			{func() { mp.LogToStderr(slog.LevelWarn) }, "[ERROR/Child] aloud\n"},
			{func() { mp.LogToStderr(slog.LevelInfo) },
				"[INFO/Child] child process runs its function func=test/log/speak\n[INFO/Child] from below\n[ERROR/Child] aloud\n" +
					"[INFO/Child] process shutting down\n[INFO/Child] process exits code=0\n"},
			{func() { mp.SetLogHandler(slog.DiscardHandler) }, ""},
		} {
			got := captured(t, &os.Stderr, func() {
				c.set()
				run(t, speak.Bind(none{}), opts...)
			})
			if got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		}
	})
}
