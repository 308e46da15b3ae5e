package multiprocessing

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
)

// Levels between those of log/slog, for what this package says about itself.
const (
	LevelSubDebug   = slog.LevelDebug - 2
	LevelSubWarning = slog.LevelWarn - 2
)

// logging is the package's logger and where it writes.
var logging = struct {
	logger  *slog.Logger
	level   slog.LevelVar
	handler atomic.Pointer[slog.Handler] // nil: nowhere
	stderr  atomic.Bool                  // handler is that of LogToStderr
}{logger: slog.New(logHandler{})}

func init() { logging.level.Set(LevelSubDebug) }

// Logger returns the package's logger, with which it tells of processes that
// start and end, and which programs may use too. It is always the same one. It
// is silent until [LogToStderr] or [SetLogHandler] is called, and has nothing to
// do with slog.Default.
func Logger() *slog.Logger { return logging.logger }

// LogToStderr makes [Logger] write to standard error, a line for each record:
//
//	[WARNING/MainProcess] doomed
//
// and returns it. The name is that of the process. level, if it is not nil, is
// the least that is written, as [SetLogLevel] says; without it everything is.
// Processes that are started from now on do the same. Each line is written at
// once, so that those of several processes do not mix within a line.
func LogToStderr(level slog.Leveler) *slog.Logger {
	if level != nil {
		SetLogLevel(level)
	}
	var h slog.Handler = &stderrHandler{}
	logging.handler.Store(&h)
	logging.stderr.Store(true)
	return logging.logger
}

// SetLogLevel sets the least level that [Logger] passes on, which at first is
// [LevelSubDebug]. Processes that are started from now on inherit it.
func SetLogLevel(level slog.Leveler) { logging.level.Set(level.Level()) }

// LogLevel returns that level.
func LogLevel() slog.Level { return logging.level.Level() }

// SetLogHandler makes [Logger] hand its records to h, or nowhere if h is nil.
// Processes that are started do not inherit h, which only Python's fork could
// give them, but the level alone.
func SetLogHandler(h slog.Handler) {
	logging.stderr.Store(false)
	if h == nil {
		logging.handler.Store(nil)
		return
	}
	logging.handler.Store(&h)
}

// logState and setLogState carry the settings to children.
func logState() (level int, stderr bool) {
	return int(logging.level.Level()), logging.stderr.Load()
}

func setLogState(level int, stderr bool) {
	SetLogLevel(slog.Level(level))
	if stderr {
		LogToStderr(nil)
	}
}

func logDebug(msg string, args ...any) { logging.logger.Debug(msg, args...) }
func logInfo(msg string, args ...any)  { logging.logger.Info(msg, args...) }

// A logHandler passes records on to the handler that is set when they come.
type logHandler struct {
	with []func(slog.Handler) slog.Handler
}

func (h logHandler) Enabled(ctx context.Context, l slog.Level) bool {
	if l < logging.level.Level() {
		return false
	}
	to := logging.handler.Load()
	return to != nil && (*to).Enabled(ctx, l)
}

func (h logHandler) Handle(ctx context.Context, r slog.Record) error {
	p := logging.handler.Load()
	if p == nil {
		return nil
	}
	to := *p
	for _, f := range h.with {
		to = f(to)
	}
	return to.Handle(ctx, r)
}

func (h logHandler) and(f func(slog.Handler) slog.Handler) slog.Handler {
	return logHandler{append(h.with[:len(h.with):len(h.with)], f)}
}

func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.and(func(to slog.Handler) slog.Handler { return to.WithAttrs(attrs) })
}

func (h logHandler) WithGroup(name string) slog.Handler {
	return h.and(func(to slog.Handler) slog.Handler { return to.WithGroup(name) })
}

// A stderrHandler writes Python's form: attributes follow the message as
// log/slog's text handler writes them.
type stderrHandler struct {
	with []func(slog.Handler) slog.Handler
}

func (h *stderrHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h *stderrHandler) Handle(ctx context.Context, r slog.Record) error {
	var b strings.Builder
	b.WriteString("[" + levelName(r.Level) + "/" + me.Name() + "] " + r.Message)
	if r.NumAttrs() > 0 || len(h.with) > 0 {
		var attrs strings.Builder
		var to slog.Handler = slog.NewTextHandler(&attrs, &slog.HandlerOptions{ReplaceAttr: onlyAttrs, Level: r.Level})
		for _, f := range h.with {
			to = f(to)
		}
		if err := to.Handle(ctx, r); err != nil {
			return err
		}
		if text := strings.TrimRight(attrs.String(), "\n"); text != "" {
			b.WriteString(" " + text)
		}
	}
	b.WriteByte('\n')
	logMu.Lock()
	defer logMu.Unlock()
	_, err := os.Stderr.WriteString(b.String())
	return err
}

var logMu sync.Mutex // one line at a time

func (h *stderrHandler) and(f func(slog.Handler) slog.Handler) slog.Handler {
	return &stderrHandler{append(h.with[:len(h.with):len(h.with)], f)}
}

func (h *stderrHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.and(func(to slog.Handler) slog.Handler { return to.WithAttrs(attrs) })
}

func (h *stderrHandler) WithGroup(name string) slog.Handler {
	return h.and(func(to slog.Handler) slog.Handler { return to.WithGroup(name) })
}

// onlyAttrs leaves out what is written before the message already.
func onlyAttrs(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey || a.Key == slog.MessageKey) {
		return slog.Attr{}
	}
	return a
}

// levelName is Python's name of a level.
func levelName(l slog.Level) string {
	switch l {
	case LevelSubDebug:
		return "SUBDEBUG"
	case LevelSubWarning:
		return "SUBWARNING"
	case slog.LevelWarn:
		return "WARNING"
	}
	return l.String()
}
