package python

import (
	"encoding/json"
	"log/slog"
	"math"
	"time"
)

// A logRecord is a record of Python's logging on its way to the pool's logger.
type logRecord struct {
	Time      float64 `json:"time"` // Unix seconds
	Level     int     `json:"level"`
	Logger    string  `json:"logger"`
	Message   string  `json:"message"`
	File      string  `json:"file"`
	Line      int     `json:"line"`
	Func      string  `json:"func"`
	Thread    string  `json:"thread"`
	Exception string  `json:"exception"`
}

// readLog makes a record for slog of what a worker sends. The worker's pid is
// added by the pool.
func readLog(b []byte) (slog.Record, error) {
	var r logRecord
	if err := json.Unmarshal(b, &r); err != nil {
		return slog.Record{}, err
	}
	sec, frac := math.Modf(r.Time)
	at := time.Unix(int64(sec), int64(frac*1e9))
	rec := slog.NewRecord(at, slogLevel(r.Level), r.Message, 0)
	rec.AddAttrs(slog.String("logger", r.Logger), slog.String("file", r.File), slog.Int("line", r.Line))
	if r.Func != "" && r.Func != "<module>" {
		rec.AddAttrs(slog.String("func", r.Func))
	}
	if r.Thread != "" && r.Thread != "MainThread" {
		rec.AddAttrs(slog.String("thread", r.Thread))
	}
	if r.Exception != "" {
		rec.AddAttrs(slog.String("exception", r.Exception))
	}
	return rec, nil
}
