package process

import (
	"context"

	"github.com/conexgo/conex/futures"
)

// newInline makes a pool whose tasks run in this process: a debugger sees
// them, coverage counts them. Nothing can be killed there, and no limits
// hold.
func newInline(cfg Config) (*Pool, error) {
	tc := futures.ThreadConfig{Workers: cfg.Workers, Name: cfg.Name}
	if !cfg.Init.IsZero() {
		tc.Init = func(ctx context.Context) error { return cfg.Init.Call(ctx) }
	}
	threads, err := futures.NewIsolatedPool(tc)
	if err != nil {
		return nil, err
	}
	return &Pool{cfg: cfg, inline: threads}, nil
}

func (p *Pool) inlineStats() Stats {
	s := p.inline.Stats()
	return Stats{
		Queued:     int64(s.Queued),
		Running:    int64(s.Running),
		Done:       int64(s.Done),
		Failed:     int64(s.Failed),
		OldestWait: s.OldestWait,
	}
}
