package socket

import (
	"context"
	"fmt"

	"github.com/conexgo/conex/internal/pywire"
	"github.com/conexgo/conex/multiprocessing/connection"
	"github.com/conexgo/conex/pickle"
)

// Rebuild makes a Connection of the value that arrives when a Python program
// sends one as a value, by conn.send(other). The value only says where the
// program gives away the descriptor; Rebuild fetches it there, and must be
// called on the same machine, once, while the program runs.
//
// key is the Python process's own: multiprocessing.current_process().authkey.
// Connections over sockets and the ends of a duplex Pipe can be rebuilt. Errors
// match ErrNotConnection if the value is something else; others are those of
// Dial and RecvFile. The class must not be refused by Config.Codec:
// multiprocessing.connection.rebuild_connection and
// multiprocessing.resource_sharer.DupFd.
func Rebuild(ctx context.Context, v any, key []byte) (*connection.Connection, error) {
	address, id, ok := ticket(v)
	if !ok {
		return nil, fmt.Errorf("%w: %s", ErrNotConnection, pickle.TypeName(v))
	}
	c, err := Dial(ctx, address, Config{AuthKey: key})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	// The second one is who asks, which only Windows wants to know.
	if err := c.Send(ctx, pickle.Tuple{id, int64(0)}); err != nil {
		return nil, err
	}
	return c.RecvConnection(ctx)
}

// ticket takes from a pickled connection where its descriptor is given away, and
// as what.
func ticket(v any) (address string, id any, ok bool) {
	o, ok := v.(*pickle.Object)
	if !ok || o.Class != any(pickle.Global{Module: "multiprocessing.connection", Name: "rebuild_connection"}) || len(o.Args) != 3 {
		return "", nil, false
	}
	dup, ok := o.Args[0].(*pickle.Object)
	if !ok || dup.Class != any(pickle.Global{Module: "multiprocessing.resource_sharer", Name: "DupFd"}) {
		return "", nil, false
	}
	state, ok := dup.State.(*pickle.Dict)
	if !ok {
		return "", nil, false
	}
	x, _ := state.Get("_id")
	pair, ok := x.(pickle.Tuple)
	if !ok || len(pair) != 2 {
		return "", nil, false
	}
	a, err := pywire.AddressOf(pair[0])
	if err != nil {
		return "", nil, false
	}
	return a.String(), pair[1], true
}
