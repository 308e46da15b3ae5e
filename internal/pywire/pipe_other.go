//go:build !windows

package pywire

import (
	"context"
	"errors"
	"fmt"
	"net"
)

var errNoPipes = fmt.Errorf("pywire: only Windows has named pipes (AF_PIPE): %w", errors.ErrUnsupported)

func listenPipe(string) (net.Listener, error) { return nil, errNoPipes }

func dialPipe(context.Context, string) (net.Conn, error) { return nil, errNoPipes }
