package futurestest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/conexgo/conex/futures"
)

var errReason = errors.New("futurestest: the reason")

// contextRunning: the end of the context reaches a call that runs.
func (s *suite) contextRunning(t *testing.T) {
	ex := s.start(t)
	ctx, cancel := context.WithCancel(limit(t))
	g := newGate(t)
	f := futures.Submit(ctx, ex, s.Gate, g.arg(1))
	g.arrived()
	cancel()
	if err := f.Err(limit(t)); !errors.Is(err, context.Canceled) || errors.Is(err, futures.ErrStillRunning) {
		t.Errorf("Err = %v, want context.Canceled", err)
	}
	if v, err := futures.Submit(limit(t), ex, s.Inc, 1).Result(limit(t)); v != 2 || err != nil {
		t.Errorf("the next call: %v, %v", v, err)
	}
}

// contextPending: the end of the context ends calls that wait, without a
// worker, and they are not made.
func (s *suite) contextPending(t *testing.T) {
	ex := s.start(t)
	g, fs := s.busy(t, ex)
	ctx, cancel := context.WithCancelCause(limit(t))
	var pending []*futures.Future[int]
	for i := range 50 {
		pending = append(pending, futures.Submit(ctx, ex, s.Gate, g.arg(100+i)))
	}
	other := futures.Submit(limit(t), ex, s.Inc, 1)
	cancel(errReason)
	for i, f := range pending {
		if err := f.Err(limit(t)); !errors.Is(err, errReason) || errors.Is(err, futures.ErrStillRunning) {
			t.Fatalf("call %d: %v, want the reason", i, err)
		}
	}
	g.nobody()
	g.open()
	if v, err := other.Result(limit(t)); v != 2 || err != nil {
		t.Errorf("a call under another context: %v, %v", v, err)
	}
	for _, f := range fs {
		if err := f.Err(limit(t)); err != nil {
			t.Errorf("a running call: %v", err)
		}
	}
}

// contextOver: nothing is called under a context that is over.
func (s *suite) contextOver(t *testing.T) {
	ex := s.start(t)
	ctx, cancel := context.WithCancelCause(limit(t))
	cancel(errReason)
	g := newGate(t)
	f := futures.Submit(ctx, ex, s.Gate, g.arg(1))
	if f.State() != futures.Finished {
		t.Errorf("State = %v", f.State())
	}
	if err := f.Err(limit(t)); !errors.Is(err, errReason) || !errors.Is(err, context.Canceled) {
		t.Errorf("Err = %v", err)
	}
	g.nobody()
}

func (s *suite) deadline(t *testing.T) {
	ex := s.start(t)
	ctx := limit(t)
	if d, err := futures.Submit(context.Background(), ex, s.Deadline, 0).Result(ctx); d != -1 || err != nil {
		t.Errorf("without a deadline: %v, %v", d, err)
	}
	if d, err := futures.Submit(ctx, ex, s.Deadline, 0).Result(ctx); d <= 0 || d > int64(timeout) || err != nil {
		t.Errorf("deadline in %v, %v, want %v", time.Duration(d), err, timeout)
	}
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	f := futures.Submit(short, ex, s.UntilDone, 0)
	if err := f.Err(ctx); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, futures.ErrStillRunning) {
		t.Errorf("a call until its deadline: %v", err)
	}
}

func (s *suite) taskTimeout(t *testing.T) {
	ex, ctx := s.start(t), limit(t)
	f := futures.Submit(ctx, ex, s.UntilDone, 0, futures.TaskTimeout(20*time.Millisecond))
	if err := f.Err(ctx); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, futures.ErrStillRunning) {
		t.Errorf("Err = %v, want DeadlineExceeded", err)
	}
	// It counts from the start of the call, not from Submit.
	g, _ := s.busy(t, ex)
	f2 := futures.Submit(ctx, ex, s.Deadline, 0, futures.TaskTimeout(10*time.Second))
	waited := time.Now()
	short, cancel := context.WithTimeout(ctx, 30*time.Millisecond)
	defer cancel()
	f2.Err(short)
	g.open()
	ns, err := f2.Result(ctx)
	d := time.Duration(ns)
	if err != nil || d > 10*time.Second || d < 10*time.Second-time.Since(waited)+20*time.Millisecond && time.Since(waited) < time.Second {
		t.Errorf("deadline in %v, %v", d, err)
	}
	if err := futures.Submit(ctx, ex, s.Inc, 0, futures.TaskTimeout(0)).Err(ctx); err == nil {
		t.Error("TaskTimeout(0) was accepted")
	}
	if v, err := futures.Submit(ctx, ex, s.Inc, 1, futures.TaskTimeout(time.Minute)).Result(ctx); v != 2 || err != nil {
		t.Errorf("a call within its limit: %v, %v", v, err)
	}
}

func (s *suite) shutdown(t *testing.T) {
	ex, ctx := s.start(t), limit(t)
	g := newGate(t)
	var fs []*futures.Future[int]
	for i := range 4 * ex.Workers() {
		fs = append(fs, futures.Submit(ctx, ex, s.Gate, g.arg(i)))
	}
	g.arrived()
	ended := make(chan error, 2)
	for range 2 {
		go func() { ended <- ex.Shutdown(ctx) }()
	}
	eventually(t, "no calls are taken", func() bool {
		f := futures.Submit(ctx, ex, s.Inc, 1)
		return !f.Cancel() && f.State() == futures.Finished && errors.Is(f.Err(ctx), futures.ErrShutdown)
	})
	select {
	case err := <-ended:
		t.Errorf("Shutdown returned %v before the calls did", err)
	default:
	}
	g.open()
	for range 2 {
		if err := <-ended; err != nil {
			t.Errorf("Shutdown: %v", err)
		}
	}
	for i, f := range fs {
		if f.State() != futures.Finished {
			t.Errorf("call %d is %v after Shutdown", i, f)
		}
		if v, err := f.Result(ctx); v != i || err != nil {
			t.Errorf("call %d: %v, %v", i, v, err)
		}
	}
	over, cancel := context.WithCancel(ctx)
	cancel()
	if err := ex.Shutdown(over); err != nil {
		t.Errorf("Shutdown once more: %v", err)
	}
	if err := futures.Submit(ctx, ex, s.Inc, 1).Err(ctx); !errors.Is(err, futures.ErrShutdown) {
		t.Errorf("Submit after Shutdown: %v", err)
	}
}

func (s *suite) shutdownNow(t *testing.T) {
	ex, ctx := s.start(t), limit(t)
	g, fs := s.busy(t, ex)
	var pending []*futures.Future[int]
	for i := range 200 {
		pending = append(pending, futures.Submit(ctx, ex, s.Gate, g.arg(1000+i)))
	}
	ended := make(chan error, 1)
	go func() { ended <- ex.ShutdownNow(ctx) }()
	last := pending[len(pending)-1]
	if err := last.Err(ctx); err != futures.ErrCancelled || !last.Cancelled() {
		t.Errorf("the last call: %v, %v", last, err)
	}
	select {
	case err := <-ended:
		t.Errorf("ShutdownNow returned %v before the running calls did", err)
	default:
	}
	g.open()
	if err := <-ended; err != nil {
		t.Errorf("ShutdownNow: %v", err)
	}
	for i, f := range fs {
		if v, err := f.Result(ctx); v != i || err != nil {
			t.Errorf("running call %d: %v, %v", i, v, err)
		}
	}
	cancelled := 0
	for i, f := range pending {
		switch v, err := f.Result(ctx); {
		case f.Cancelled():
			cancelled++
		case v != 1000+i || err != nil:
			t.Errorf("call %d: %v, %v", i, v, err)
		}
	}
	if cancelled < len(pending)/2 {
		t.Errorf("only %d of %d waiting calls were cancelled", cancelled, len(pending))
	}
}

func (s *suite) shutdownLimit(t *testing.T) {
	ex, ctx := s.start(t), limit(t)
	g, fs := s.busy(t, ex)
	short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	err := ex.Shutdown(short)
	if !errors.Is(err, futures.ErrStillRunning) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Shutdown under a short limit: %v", err)
	}
	g.open()
	if err := ex.Shutdown(ctx); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	for _, f := range fs {
		if err := f.Err(ctx); err != nil {
			t.Error(err)
		}
	}
}

// shutdownBusy: Shutdown while the queue is full and calls are being made
// loses none and does not hang.
func (s *suite) shutdownBusy(t *testing.T) {
	ctx := limit(t)
	for range 5 {
		ex := s.start(t)
		var fs []*futures.Future[int]
		for i := range 2000 {
			fs = append(fs, futures.Submit(ctx, ex, s.Inc, i))
		}
		if err := ex.Shutdown(ctx); err != nil {
			t.Fatalf("Shutdown: %v", err)
		}
		for i, f := range fs {
			if v, err := f.Result(ctx); v != i+1 || err != nil {
				t.Fatalf("call %d: %v, %v", i, v, err)
			}
		}
	}
}

// shutdownCancelled: a call that was cancelled just before Shutdown does not
// keep it waiting.
func (s *suite) shutdownCancelled(t *testing.T) {
	ctx := limit(t)
	for range 20 {
		ex := s.start(t)
		if err := futures.Submit(ctx, ex, s.Inc, 0).Err(ctx); err != nil {
			t.Fatal(err)
		}
		futures.Submit(ctx, ex, s.Inc, 0).Cancel()
		if err := ex.Shutdown(ctx); err != nil {
			t.Fatalf("Shutdown: %v", err)
		}
	}
}
