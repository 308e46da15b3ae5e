package pickle

import (
	"math/big"
	"reflect"
	"strconv"
	"strings"
)

// Values that stay outside of a pickle: both sides know them by an id, the way of
// CPython's persistent_id and persistent_load.

// isPersistable reports whether PersistentID is asked for the values of a type:
// those of pointers and of named types, but not those of the model, which the
// encoder knows without looking at their types.
func isPersistable(t reflect.Type) bool {
	if _, model := modelSet[t]; model || t.Kind() == reflect.Interface {
		return false
	}
	return t.Kind() == reflect.Pointer || t.PkgPath() != ""
}

var modelSet = map[reflect.Type]struct{}{}

func init() {
	for _, t := range append(modelTypes, reflect.TypeFor[*ExceptionClass](), reflect.TypeFor[*big.Int]()) {
		modelSet[t] = struct{}{}
	}
}

// asking has PersistentID asked before f writes a value.
func asking(f encodeFunc) encodeFunc {
	return func(e *encoder, v reflect.Value) error {
		if e.persistentID != nil && !(v.Kind() == reflect.Pointer && v.IsNil()) {
			if done, err := e.persistent(v); done || err != nil {
				return err
			}
		}
		return f(e, v)
	}
}

// persistent writes the id of a value instead of it, if it has one. Within the id
// nobody is asked.
func (e *encoder) persistent(v reflect.Value) (done bool, err error) {
	ask := e.persistentID
	id, ok, err := ask(v)
	if err != nil {
		return false, &MarshalerError{Type: v.Type(), Err: err}
	}
	if !ok {
		return false, nil
	}
	if e.proto == 0 {
		return true, e.persistentLine(id)
	}
	e.persistentID = nil
	err = e.save(id)
	e.persistentID = ask
	if err != nil {
		return false, err
	}
	e.buf = append(e.buf, opBinPersID)
	return true, nil
}

// persistentLine writes PERSID, whose id is a line: str(id) in CPython, which
// makes no sense of others than these.
func (e *encoder) persistentLine(id any) error {
	var line string
	switch id := id.(type) {
	case string:
		line = id
	case int:
		line = strconv.Itoa(id)
	case int64:
		line = strconv.FormatInt(id, 10)
	default:
		return &UnsupportedValueError{Msg: "a persistent id of type " + TypeName(id) +
			": in protocol 0 it is a str or an int; use another protocol"}
	}
	if strings.ContainsFunc(line, func(r rune) bool { return r == '\n' || r >= 0x80 }) {
		return &UnsupportedValueError{Msg: "the persistent id " + ReprMax(line, 60) +
			": in protocol 0 it is one line of ASCII; use another protocol"}
	}
	e.buf = append(append(append(e.buf, opPersID), line...), '\n')
	return nil
}

// persistentLoad is PERSID and BINPERSID: it pushes what the id stands for.
func (d *decoder) persistentLoad(op byte) bool {
	load := d.cfg.PersistentLoad
	if load == nil {
		return d.fail("a persistent id: what it stands for is known to its writer only")
	}
	var id any
	if op == opPersID {
		b, ok := d.line()
		if !ok {
			return false
		}
		for _, c := range b {
			if c >= 0x80 {
				return d.fail("a persistent id that is not ASCII")
			}
		}
		id = string(b)
	} else {
		if !d.need(1) {
			return false
		}
		id = d.pop()
	}
	// Whoever loads may keep the id and what is in it, and what it returns may
	// be, or hold, anything: also itself.
	d.recycler.abandon()
	d.shared, d.persistent = true, true
	v, err := load(id)
	if err != nil {
		return d.failErr("", err)
	}
	return d.pushContainer(v)
}

// assignPersistent stores what PersistentLoad returned as it is, if the variable
// can hold it.
func assignPersistent(v any, dst reflect.Value) bool {
	rv := reflect.ValueOf(v)
	if !rv.IsValid() || !rv.Type().AssignableTo(dst.Type()) {
		return false
	}
	dst.Set(rv)
	return true
}
