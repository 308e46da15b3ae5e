package multiprocessing_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/leak"
	mp "github.com/conexgo/conex/multiprocessing"
)

var warmly = mp.WithContext(mp.Context{Method: mp.ForkServer})

// stockOf fills the stock for one test.
func stockOf(t *testing.T, cfg mp.ForkServerConfig) {
	t.Helper()
	if err := mp.SetForkServer(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		mp.StopForkServer()
		mp.SetForkServer(mp.ForkServerConfig{})
	})
	for range 2 { // again changes nothing
		if err := mp.WarmForkServer(within(t, 20*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
}

// preloaded is what the functions of the tests left in their process.
var preloaded []string

var (
	load = conex.Register("test/forkserver/load", func(ctx context.Context, word string) (none, error) {
		preloaded = append(preloaded, word)
		switch word {
		case "fail":
			return none{}, errTest
		case "panic":
			panic("bad preload")
		case "exit":
			os.Exit(3)
		case "hang":
			<-ctx.Done()
		}
		return none{}, nil
	})
	loaded = conex.Register("test/forkserver/loaded", func(_ context.Context, m *mail) (none, error) {
		m.send(strings.Join(preloaded, " "))
		return none{}, nil
	})
)

func TestPreload(t *testing.T) {
	leak.Check(t)
	t.Run("two", func(t *testing.T) {
		if err := mp.SetForkServerPreload(load.Bind("a"), conex.Bound{}, load.Bind("b")); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { mp.SetForkServer(mp.ForkServerConfig{}); mp.StopForkServer() })
		b := newBox(t)
		for range 6 { // fresh ones, and those of the stock
			run(t, loaded.Bind(b.mail), warmly)
			b.want("a b")
		}
	})
	for _, word := range []string{"fail", "panic"} {
		cfg := mp.ForkServerConfig{Stock: 1, Preload: []conex.Bound{load.Bind(word), load.Bind("c")}}
		t.Run("ignore "+word, func(t *testing.T) {
			stockOf(t, cfg)
			b := newBox(t)
			run(t, loaded.Bind(b.mail), warmly)
			b.want(word + " c")
		})
		t.Run("warn "+word, func(t *testing.T) {
			cfg := cfg
			cfg.OnError = mp.PreloadWarn
			b := newBox(t)
			stderr := captured(t, &os.Stderr, func() {
				if err := mp.SetForkServer(cfg); err != nil {
					t.Fatal(err)
				}
				run(t, loaded.Bind(b.mail), warmly)
			})
			b.want(word + " c")
			if !strings.Contains(stderr, `preloading "test/forkserver/load": `) {
				t.Errorf("stderr %q", stderr)
			}
			mp.SetForkServer(mp.ForkServerConfig{})
		})
		t.Run("refuse "+word, func(t *testing.T) {
			cfg := cfg
			cfg.OnError = mp.PreloadFail
			if err := mp.SetForkServer(cfg); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { mp.SetForkServer(mp.ForkServerConfig{}); mp.StopForkServer() })
			err := mp.New(nothing.Bind(none{}), warmly).Start(context.Background())
			if err == nil || !strings.Contains(err.Error(), `preloading "test/forkserver/load": `) || !errors.Is(err, mp.ErrProcess) {
				t.Error(err)
			}
			if err := mp.WarmForkServer(context.Background()); err == nil {
				t.Error("the stock is warm")
			}
		})
	}
	t.Run("exit", func(t *testing.T) {
		mp.SetForkServerPreload(load.Bind("exit"))
		t.Cleanup(func() { mp.SetForkServer(mp.ForkServerConfig{}); mp.StopForkServer() })
		err := mp.New(nothing.Bind(none{}), warmly).Start(context.Background())
		if err == nil || !errors.Is(err, &mp.ExitError{Code: 3}) {
			t.Error(err)
		}
	})
	t.Run("hang", func(t *testing.T) {
		mp.SetForkServerPreload(load.Bind("hang"))
		t.Cleanup(func() { mp.SetForkServer(mp.ForkServerConfig{}); mp.StopForkServer() })
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		for _, err := range []error{mp.New(nothing.Bind(none{}), warmly).Start(ctx), mp.WarmForkServer(ctx)} {
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		}
	})
}

func TestForkServerConfig(t *testing.T) {
	for _, cfg := range []mp.ForkServerConfig{
		{Stock: -1},
		{OnError: 3},
		{OnError: -1},
		{Preload: []conex.Bound{channel.Bind(nil)}},
		{Preload: []conex.Bound{loaded.Bind(&mail{os.Stdout})}},
	} {
		if err := mp.SetForkServer(cfg); !errors.Is(err, mp.ErrProcess) {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
	over, cancel := context.WithCancel(context.Background())
	cancel()
	if err := mp.WarmForkServer(over); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
