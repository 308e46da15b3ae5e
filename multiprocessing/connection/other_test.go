//go:build !linux

package connection_test

import (
	"errors"
	"testing"

	"github.com/conexgo/conex/multiprocessing/connection"
)

func TestUnsupported(t *testing.T) {
	for name, open := range map[string]func() (a, b *connection.Connection, err error){
		"Pipe": connection.Pipe, "OneWayPipe": connection.OneWayPipe,
	} {
		if a, b, err := open(); a != nil || b != nil || !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: %v, %v, %v", name, a, b, err)
		}
	}
}
