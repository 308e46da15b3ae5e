package connection_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/multiprocessing/connection"
)

// A round trip of 16 bytes to another process and back. hot: both sides do
// nothing else, so they find each other awake if there are two cores; run it
// with taskset -c 0 for one. idle: there is a pause before each.
func BenchmarkRoundTrip(b *testing.B) {
	p := newPool(b)
	a, _ := give(b, p, echo)
	msg, buf := make([]byte, 16), make([]byte, 16)
	trip := func() {
		if err := a.SendBytes(b.Context(), msg); err != nil {
			b.Fatal(err)
		}
		if _, err := a.RecvBytesInto(b.Context(), buf); err != nil {
			b.Fatal(err)
		}
	}
	trip()
	b.Run("hot", func(b *testing.B) {
		for b.Loop() {
			trip()
		}
	})
	b.Run("idle", func(b *testing.B) {
		var all time.Duration
		n := 0
		for b.Loop() {
			time.Sleep(time.Millisecond)
			start := time.Now()
			trip()
			all += time.Since(start)
			n++
		}
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(float64(all.Nanoseconds())/float64(n), "ns/trip")
	})
	a.Close()
}

var echoInt = conex.Register("test/connection/echoInt", func(ctx context.Context, c *connection.Connection) (int, error) {
	defer c.Close()
	for {
		x, err := connection.Recv[int](ctx, c)
		if err != nil {
			return 0, nil
		}
		if err := connection.Send(ctx, c, x); err != nil {
			return 0, err
		}
	}
})

// The same with values.
func BenchmarkRoundTripInt(b *testing.B) {
	p := newPool(b)
	a, _ := give(b, p, echoInt)
	for b.Loop() {
		if err := connection.Send(b.Context(), a, 7); err != nil {
			b.Fatal(err)
		}
		if _, err := connection.Recv[int](b.Context(), a); err != nil {
			b.Fatal(err)
		}
	}
	a.Close()
}

// One way to another process, which gives each message memory of its own (new)
// or uses one buffer (into).
func BenchmarkOneWay(b *testing.B) {
	p := newPool(b)
	for name, f := range map[string]*conex.Func[*connection.Connection, int]{"new": fullSink, "into": sink} {
		for _, size := range []int{64, 1 << 10, 64 << 10, 1 << 20} {
			b.Run(fmt.Sprintf("%s/%d", name, size), func(b *testing.B) {
				a, fut := give(b, p, f)
				msg := make([]byte, size)
				b.SetBytes(int64(size))
				n := 0
				for b.Loop() {
					if err := a.SendBytes(b.Context(), msg); err != nil {
						b.Fatal(err)
					}
					n++
				}
				a.Close()
				if got, err := fut.Result(b.Context()); got != n || err != nil {
					b.Fatalf("%d of %d messages, %v", got, n, err)
				}
			})
		}
	}
}

// What a message costs when nobody has to wait, in one process.
func BenchmarkSelf(b *testing.B) {
	x, y := pipe(b)
	b.Run("bytes", func(b *testing.B) {
		msg, buf := make([]byte, 64), make([]byte, 64)
		b.ReportAllocs()
		for b.Loop() {
			x.SendBytes(b.Context(), msg)
			y.RecvBytesInto(b.Context(), buf)
		}
	})
	b.Run("int", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			connection.Send(b.Context(), x, 7)
			connection.Recv[int](b.Context(), y)
		}
	})
	b.Run("any", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			x.Send(b.Context(), "seven")
			y.Recv(b.Context())
		}
	})
}
