package meter

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestSpecSurvivesItsArgs(t *testing.T) {
	want := Spec{"process/call-hot", "net/rpc", TwoCore, 20000, 1500 * time.Millisecond, 7}
	if got, err := ParseSpec(want.Args()); err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	for _, bad := range []string{"", "-case x", "-peer x", "-case x -peer y -n 0", "-case x -peer y -place moon",
		"-case x -peer y z", "-case x -peer y -what"} {
		if s, err := ParseSpec(strings.Fields(bad)); err == nil {
			t.Errorf("%q is read as %+v", bad, s)
		}
	}
}

func TestPartiesRun(t *testing.T) {
	broken := errors.New("broken")
	p := Parties{"x": {
		"good": func(s Spec) (Figure, error) { return Figure{Value: float64(s.N), P99: 9, N: s.N}, nil },
		"bad":  func(Spec) (Figure, error) { return Figure{}, broken },
	}}
	var out bytes.Buffer
	if err := p.Run([]string{"-case", "x", "-peer", "good", "-n", "5"}, &out); err != nil {
		t.Fatal(err)
	}
	var f Figure
	if err := json.Unmarshal(out.Bytes(), &f); err != nil || f != (Figure{Value: 5, P99: 9, N: 5}) {
		t.Errorf("printed %q: %+v, %v", &out, f, err)
	}
	out.Reset()
	if err := p.Run([]string{"-case", "x", "-peer", "bad"}, &out); !errors.Is(err, broken) || out.Len() > 0 {
		t.Errorf("%v and %q for a party that fails", err, &out)
	}
	if err := p.Run([]string{"-case", "y", "-peer", "good"}, &out); err == nil || out.Len() > 0 {
		t.Errorf("%v and %q for a case nobody knows", err, &out)
	}
}

func TestBulk(t *testing.T) {
	var passes []int
	sum := func(n int) (s int, err error) {
		passes = append(passes, n)
		for i := range n {
			s += Inc(i)
		}
		return s, nil
	}
	f, err := Bulk(50, SumInc, sum)
	if err != nil || f.N != 50 || f.Value <= 0 {
		t.Errorf("%+v, %v", f, err)
	}
	if fmt.Sprint(passes) != "[5 50]" {
		t.Errorf("passes over %v, want a warm-up and the whole", passes)
	}
	if _, err := Bulk(50, SumInc, func(n int) (int, error) { return SumInc(n) - 1, nil }); err == nil {
		t.Error("a wrong sum has a figure")
	}
	broken := errors.New("broken")
	if _, err := Bulk(1, SumInc, func(int) (int, error) { return 0, broken }); !errors.Is(err, broken) {
		t.Errorf("%v, want the pass's own error", err)
	}
}

// What each operation allocates is counted, and what a pass allocates to get going is not.
func TestBulkCountsAllocations(t *testing.T) {
	var kept, other *[4]int
	for want := range 3 {
		f, err := Bulk(100_000, Count, func(n int) (int, error) {
			other = new([4]int)
			for range n {
				for range want {
					kept = new([4]int)
				}
			}
			return n, nil
		})
		if err != nil || f.Allocs == nil || *f.Allocs != float64(want) {
			t.Errorf("%+v, %v: want %d allocations", f, err, want)
		}
	}
	runtime.KeepAlive([]*[4]int{kept, other})
}

func TestTogether(t *testing.T) {
	for _, k := range []int{1, 2, 4, 7} {
		for _, n := range []int{0, 3, 100} {
			// Nobody is done before all have begun.
			var all sync.WaitGroup
			all.Add(k)
			sum, err := Together(k, n, func(lo, hi int) (sum int, _ error) {
				all.Done()
				all.Wait()
				for i := lo; i < hi; i++ {
					sum += Inc(i)
				}
				return sum, nil
			})
			if err != nil || sum != SumInc(n) {
				t.Errorf("%d for %d: %d, %v", k, n, sum, err)
			}
		}
	}
	broken := errors.New("broken")
	if _, err := Together(2, 2, func(lo, _ int) (int, error) { return 1, []error{nil, broken}[lo] }); !errors.Is(err, broken) {
		t.Errorf("%v, want the body's own error", err)
	}
}

func TestCalls(t *testing.T) {
	n := 0
	op := func(i int) (time.Duration, error) {
		if i != n {
			t.Errorf("call %d has number %d", n, i)
		}
		n++
		return time.Duration(i), nil
	}
	f, err := Calls(Spec{N: 100}, 10, op)
	if err != nil || n != 110 || f != (Figure{Value: 60, P99: 109, N: 100}) {
		t.Errorf("%+v, %v after %d calls", f, err, n)
	}
	// A budget that is spent at once still leaves one call.
	n = 0
	if f, err := Calls(Spec{N: 100, Budget: 1}, 2, op); err != nil || f.N < 1 || f.N == 100 || f.Value < 2 {
		t.Errorf("%+v, %v", f, err)
	}
	broken := errors.New("broken")
	if _, err := Calls(Spec{N: 1}, 0, func(int) (time.Duration, error) { return 0, broken }); !errors.Is(err, broken) {
		t.Errorf("%v, want the call's own error", err)
	}
}

func TestTimed(t *testing.T) {
	if _, err := Timed(3, func(i int) (int, error) { return i + 1, nil }); err != nil {
		t.Error(err)
	}
	if _, err := Timed(3, func(i int) (int, error) { return i, nil }); err == nil {
		t.Error("a wrong result has a time")
	}
}

func TestLatency(t *testing.T) {
	if f := Latency(nil); f != (Figure{}) {
		t.Errorf("%+v for nothing", f)
	}
	if f := Latency([]time.Duration{9, 1, 5}); f != (Figure{Value: 5, P99: 9, N: 3}) {
		t.Errorf("%+v", f)
	}
}

func TestBusy(t *testing.T) {
	if a, b := Busy(1000), Busy(1000); a != b || a == Busy(1001) {
		t.Error("the result does not follow from the rounds")
	}
	// Twice the time is about twice the rounds, whatever else the machine does: the fastest of many tries counts.
	a, b := Calibrate(time.Millisecond), Calibrate(4*time.Millisecond)
	if b < a || a < 100 {
		t.Errorf("%d rounds for 1 ms, %d for 4 ms", a, b)
	}
}
