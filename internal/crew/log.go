package crew

import (
	"context"
	"log/slog"
)

// Logger is where records of workers go.
func (p *Pool) Logger() *slog.Logger {
	if p.cfg.Logger != nil {
		return p.cfg.Logger
	}
	return slog.Default()
}

// LogLevel is the lowest level that is worth sending.
func (p *Pool) LogLevel() slog.Level {
	for l := slog.LevelDebug - 8; l < slog.LevelError+8; l++ {
		if p.Logger().Enabled(context.Background(), l) {
			return l
		}
	}
	return slog.LevelError + 8
}

// Log hands a record of the worker to the pool's logger, with the worker's pid.
func (w *Worker) Log(r slog.Record) {
	l := w.p.Logger()
	ctx := context.Background()
	if !l.Enabled(ctx, r.Level) {
		return
	}
	if c := w.Child(); c != nil {
		r.AddAttrs(slog.Int("pid", c.PID()))
	}
	l.Handler().Handle(ctx, r)
}
