package multiprocessing_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
	mp "github.com/conexgo/conex/multiprocessing"
)

func TestStartMethods(t *testing.T) {
	mp.ForceStartMethod(mp.DefaultStartMethod)
	t.Cleanup(func() { mp.ForceStartMethod(mp.DefaultStartMethod) })
	if got := mp.AllStartMethods(); !reflect.DeepEqual(got, []mp.StartMethod{mp.Spawn, mp.ForkServer}) {
		t.Error(got)
	}
	wantErr := func(err error, text string) {
		t.Helper()
		if !errors.Is(err, mp.ErrStartMethod) || !strings.Contains(err.Error(), text) {
			t.Errorf("%v, want %s", err, text)
		}
	}
	if m, ok := mp.StartMethodSet(); ok || m != "" {
		t.Errorf("%q, %v", m, ok)
	}
	wantErr(mp.SetStartMethod("nonsense"), `"nonsense"`)
	wantErr(mp.ForceStartMethod("nonsense"), `"nonsense"`)
	wantErr(mp.SetStartMethod(mp.Fork), "threads")
	if _, ok := mp.StartMethodSet(); ok {
		t.Error("a method that was refused is set")
	}
	if err := mp.SetStartMethod(mp.ForkServer); err != nil || mp.GetStartMethod() != mp.ForkServer {
		t.Errorf("%v, %q", err, mp.GetStartMethod())
	}
	wantErr(mp.SetStartMethod(mp.ForkServer), "ForceStartMethod")
	wantErr(mp.SetStartMethod(mp.DefaultStartMethod), "ForceStartMethod")
	if err := mp.ForceStartMethod(mp.Spawn); err != nil || mp.GetStartMethod() != mp.Spawn {
		t.Errorf("%v, %q", err, mp.GetStartMethod())
	}
	// Taken back, the next who asks gets the default, for good.
	if err := mp.ForceStartMethod(mp.DefaultStartMethod); err != nil {
		t.Error(err)
	}
	if m := mp.GetStartMethod(); m != mp.Spawn {
		t.Errorf("%q", m)
	}
	wantErr(mp.SetStartMethod(mp.ForkServer), "spawn")
	mp.ForceStartMethod(mp.DefaultStartMethod)
	if err := mp.SetStartMethod(mp.DefaultStartMethod); err != nil || mp.GetStartMethod() != mp.Spawn {
		t.Errorf("%v, %q", err, mp.GetStartMethod())
	}
}

func TestGetContext(t *testing.T) {
	mp.ForceStartMethod(mp.DefaultStartMethod)
	t.Cleanup(func() { mp.ForceStartMethod(mp.DefaultStartMethod) })
	for _, m := range mp.AllStartMethods() {
		if c, err := mp.GetContext(m); err != nil || c.Method != m {
			t.Errorf("%q: %+v, %v", m, c, err)
		}
	}
	for _, m := range []mp.StartMethod{mp.Fork, "spwan"} {
		if c, err := mp.GetContext(m); !errors.Is(err, mp.ErrStartMethod) || c != (mp.Context{}) {
			t.Errorf("%q: %+v, %v", m, c, err)
		}
	}
	if _, ok := mp.StartMethodSet(); ok {
		t.Error("to ask for a context by name sets the method")
	}
	if c, err := mp.GetContext(mp.DefaultStartMethod); err != nil || c.Method != mp.Spawn {
		t.Errorf("%+v, %v", c, err)
	}
	if m, ok := mp.StartMethodSet(); !ok || m != mp.Spawn {
		t.Errorf("%q, %v", m, ok)
	}
}

// A start fixes the default method, and uses the one that is set.
func TestGlobalMethod(t *testing.T) {
	leak.Check(t)
	t.Cleanup(func() { mp.ForceStartMethod(mp.DefaultStartMethod) })
	mp.ForceStartMethod(mp.DefaultStartMethod)
	run(t, nothing.Bind(none{}))
	if m, ok := mp.StartMethodSet(); !ok || m != mp.Spawn {
		t.Errorf("%q, %v", m, ok)
	}
	mp.ForceStartMethod(mp.ForkServer)
	t.Cleanup(mp.StopForkServer)
	stockOf(t, mp.ForkServerConfig{Preload: nil, Stock: 1})
	if err := mp.SetForkServerPreload(load.Bind("seen")); err != nil {
		t.Fatal(err)
	}
	b := newBox(t)
	run(t, loaded.Bind(b.mail))
	b.want("seen")
}

// One method inside a process of the other.
func TestMixedMethods(t *testing.T) {
	leak.Check(t)
	for _, outer := range mp.AllStartMethods() {
		for _, inner := range mp.AllStartMethods() {
			t.Run(string(outer+" "+inner), func(t *testing.T) {
				t.Cleanup(mp.StopForkServer)
				b := newBox(t)
				p := run(t, nest.Bind(nesting{inner, b.mail}), mp.WithContext(mp.Context{Method: outer}))
				if p.Err() != nil {
					t.Error(p.Err())
				}
				b.want("done")
			})
		}
	}
}

func TestExecutable(t *testing.T) {
	leak.Check(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mp.SetExecutable("") })
	each(t, func(t *testing.T, opt mp.Option) {
		b := newBox(t)
		for _, path := range []string{self, ""} {
			mp.SetExecutable(path)
			p := run(t, nest.Bind(nesting{mp.Spawn, b.mail}), opt)
			if p.Err() != nil {
				t.Error(p.Err())
			}
			b.want("done")
		}
		mp.SetExecutable("/no/such/program")
		if err := mp.New(nothing.Bind(none{}), opt).Start(context.Background()); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("no such program: %v", err)
		}
		mp.SetExecutable("/bin/true") // which does not begin with conex.Main
		if err := mp.New(nothing.Bind(none{}), opt).Start(context.Background()); !errors.Is(err, mp.ErrProcess) || err == nil || !strings.Contains(err.Error(), "before it began") {
			t.Errorf("another program: %v", err)
		}
		hangs := filepath.Join(t.TempDir(), "hangs")
		if err := os.WriteFile(hangs, []byte("#!/bin/sh\nsleep 1000\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		mp.SetExecutable(hangs)
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		if err := mp.New(nothing.Bind(none{}), opt).Start(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a program that hangs: %v", err)
		}
	})
}
