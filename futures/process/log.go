package process

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"time"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/wait"
)

// A logRecord is a slog.Record on its way from a worker to the pool's logger.
// Values of the kinds that slog knows keep their kind; others become text.
type logRecord struct {
	Time  time.Time
	Level int
	Msg   string
	Attrs []logAttr
}

type logAttr struct {
	Key  string
	Kind slog.Kind
	Int  int64 // also bool, duration, uint64
	Num  float64
	Str  string
	Time time.Time
	Sub  []logAttr
}

// A forwarder is the slog.Handler of a worker.
type forwarder struct {
	conn  *wait.Conn
	level slog.Level
	// open is the nesting of groups with the attributes given in each, the
	// outermost first.
	open []logAttr
}

func (f *forwarder) Enabled(_ context.Context, l slog.Level) bool { return l >= f.level }

func (f *forwarder) WithGroup(name string) slog.Handler {
	if name == "" {
		return f
	}
	g := *f
	g.open = append(append([]logAttr(nil), f.open...), logAttr{Key: name, Kind: slog.KindGroup})
	return &g
}

func (f *forwarder) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return f
	}
	g := *f
	g.open = append([]logAttr(nil), f.open...)
	last := &g.open[len(g.open)-1]
	sub := append([]logAttr(nil), last.Sub...)
	for _, a := range attrs {
		sub = appendAttr(sub, a)
	}
	last.Sub = sub
	return &g
}

// Handle sends the record before it returns, so that it survives whatever the
// task does next.
func (f *forwarder) Handle(_ context.Context, r slog.Record) error {
	var own []logAttr
	r.Attrs(func(a slog.Attr) bool {
		own = appendAttr(own, a)
		return true
	})
	// Nest from the innermost group outwards; groups left empty vanish.
	for i := len(f.open) - 1; i >= 0; i-- {
		g := f.open[i]
		sub := append(append([]logAttr(nil), g.Sub...), own...)
		if i == 0 {
			own = sub
		} else if len(sub) > 0 {
			own = []logAttr{{Key: g.Key, Kind: slog.KindGroup, Sub: sub}}
		} else {
			own = nil
		}
	}
	b, err := codec.Append(nil, &logRecord{r.Time, int(r.Level), r.Message, own})
	if err != nil {
		return err
	}
	return f.conn.Send(msgLog, b, nil)
}

func appendAttr(list []logAttr, a slog.Attr) []logAttr {
	v := a.Value.Resolve()
	if a.Key == "" && v.Kind() != slog.KindGroup && v.Any() == nil {
		return list
	}
	out := logAttr{Key: a.Key, Kind: v.Kind()}
	switch v.Kind() {
	case slog.KindBool:
		if v.Bool() {
			out.Int = 1
		}
	case slog.KindDuration:
		out.Int = int64(v.Duration())
	case slog.KindFloat64:
		out.Num = v.Float64()
	case slog.KindInt64:
		out.Int = v.Int64()
	case slog.KindUint64:
		out.Int = int64(v.Uint64())
	case slog.KindTime:
		out.Time = v.Time()
	case slog.KindGroup:
		for _, s := range v.Group() {
			out.Sub = appendAttr(out.Sub, s)
		}
		if len(out.Sub) == 0 {
			return list
		}
		if a.Key == "" {
			return append(list, out.Sub...)
		}
	default:
		out.Kind, out.Str = slog.KindString, fmt.Sprint(v.Any())
		if v.Kind() == slog.KindString {
			out.Str = v.String()
		}
	}
	return append(list, out)
}

func (a logAttr) attr() slog.Attr {
	switch a.Kind {
	case slog.KindBool:
		return slog.Bool(a.Key, a.Int != 0)
	case slog.KindDuration:
		return slog.Duration(a.Key, time.Duration(a.Int))
	case slog.KindFloat64:
		return slog.Float64(a.Key, a.Num)
	case slog.KindInt64:
		return slog.Int64(a.Key, a.Int)
	case slog.KindUint64:
		return slog.Uint64(a.Key, uint64(a.Int))
	case slog.KindTime:
		return slog.Time(a.Key, a.Time)
	case slog.KindGroup:
		sub := make([]slog.Attr, len(a.Sub))
		for i, s := range a.Sub {
			sub[i] = s.attr()
		}
		return slog.Attr{Key: a.Key, Value: slog.GroupValue(sub...)}
	}
	return slog.String(a.Key, a.Str)
}

// forwardLogs makes log/slog of this worker go to the pool. The log package
// keeps writing to standard error.
func forwardLogs(conn *wait.Conn, level int) {
	out, flags := log.Writer(), log.Flags()
	slog.SetDefault(slog.New(&forwarder{conn: conn, level: slog.Level(level), open: []logAttr{{}}}))
	log.SetOutput(out)
	log.SetFlags(flags)
}

// log hands a worker's record to the pool's logger.
func (w *worker) log(b []byte) {
	var r logRecord
	if _, err := codec.Read(b, &r); err != nil {
		return
	}
	rec := slog.NewRecord(r.Time, slog.Level(r.Level), r.Msg, 0)
	for _, a := range r.Attrs {
		rec.AddAttrs(a.attr())
	}
	w.Log(rec)
}
