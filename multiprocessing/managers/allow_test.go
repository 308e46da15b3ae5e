package managers_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/multiprocessing/managers"
	"github.com/conexgo/conex/pickle"
)

// An allow-list lets nothing through that would run something, or call somebody,
// in a Python program that gets it.
func TestAllow(t *testing.T) {
	leak.Check(t)
	ctx := t.Context()
	srv, _ := shareServer(t, managers.Config{Allow: []string{"mymod.Point"}}, nil)
	m := shareClient(t, srv)
	jobs := shareGet(t, m, "jobs")
	call := func(module, name string, args ...any) *pickle.Object {
		return &pickle.Object{Class: pickle.Global{Module: module, Name: name}, Args: args}
	}
	tok := jobs.Token()
	proxy := func(tok managers.Token) *pickle.Object {
		o := call("multiprocessing.managers", "RebuildProxy", pickle.Global{Module: "multiprocessing.managers", Name: "AutoProxy"}, tok, "pickle", pickle.NewDict())
		return o
	}
	exposing := func(o *pickle.Object, name string) *pickle.Object {
		o.Args[3].(*pickle.Dict).Set("exposed", pickle.Tuple{name})
		return o
	}
	for what, c := range map[string]struct {
		v  any
		ok bool
	}{
		"a value":                {pickle.NewList("x", int64(1)), true},
		"an allowed class":       {call("mymod", "Point", int64(1)), true},
		"an exception":           {pickle.KeyError.New("x"), true},
		"another class":          {call("mymod", "Other"), false},
		"os.system":              {call("os", "system", "true"), false},
		"posix.system":           {call("posix", "system", "true"), false},
		"getattr":                {call("builtins", "getattr", "x", "upper"), false},
		"what a module imported": {call("multiprocessing.managers", "os.system", "true"), false},
		"the module itself":      {pickle.Global{Module: "multiprocessing", Name: "managers.os"}, false},
		"a process":              {call("multiprocessing", "Process"), false},
		"a program":              {call("multiprocessing.util", "spawnv_passfds", "/bin/true"), false},
		"our proxy":              {proxy(tok), true},
		"a proxy of localhost":   {proxy(managers.Token{TypeID: tok.TypeID, ID: tok.ID, Address: pickle.Tuple{"localhost", tok.Address.(pickle.Tuple)[1]}}), true},
		"another's proxy":        {proxy(managers.Token{TypeID: "Queue", ID: "1", Address: pickle.Tuple{"127.0.0.1", int64(1)}}), false},
		"our object, elsewhere":  {proxy(managers.Token{TypeID: tok.TypeID, ID: tok.ID, Address: pickle.Tuple{"evil.example", tok.Address.(pickle.Tuple)[1]}}), false},
		"our object, other port": {proxy(managers.Token{TypeID: tok.TypeID, ID: tok.ID, Address: pickle.Tuple{"127.0.0.1", int64(1)}}), false},
		"names that are code":    {exposing(proxy(tok), "f(self): pass\nprint(1)\ndef g"), false},
		"names of methods":       {exposing(proxy(tok), "__len__"), true},
		"no token":               {call("multiprocessing.managers", "RebuildProxy", int64(1)), false},
	} {
		_, err := jobs.Call(ctx, "put", c.v)
		if (err == nil) != c.ok || err != nil && !errors.Is(err, managers.ErrRemote) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := m.Ping(ctx); err != nil {
		t.Error(err)
	}
	_, err := jobs.Call(ctx, "put", call("mymod", "Other"))
	if err == nil || !strings.Contains(err.Error(), "mymod.Other") {
		t.Errorf("the error does not say what was refused: %v", err)
	}
}
