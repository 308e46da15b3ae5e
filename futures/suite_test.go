package futures_test

import (
	"testing"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/futurestest"
	"github.com/conexgo/conex/internal/leak"
)

func TestThreadPool(t *testing.T) {
	futurestest.TestExecutor(t, func(t *testing.T) futures.Executor {
		leak.Check(t)
		return newPool(t, 3)
	}, futurestest.Options{Closures: true})
}

func TestIsolatedPool(t *testing.T) {
	futurestest.TestExecutor(t, func(t *testing.T) futures.Executor {
		leak.Check(t)
		p, err := futures.NewIsolatedPool(futures.ThreadConfig{Workers: 3})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}, futurestest.Options{Copies: true})
}

func newPool(t testing.TB, workers int) *futures.ThreadPool {
	t.Helper()
	p, err := futures.NewThreadPool(futures.ThreadConfig{Workers: workers})
	if err != nil {
		t.Fatal(err)
	}
	return p
}
