package pythontest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/multiprocessing/managers"
	"github.com/conexgo/conex/pickle"
)

// The test binary is also the server that the Python tests start:
//
//	CONEX_SERVE=address [CONEX_CERTS=dir CONEX_CLIENTS=require] pythontest.test
//
// It prints where it listens, and ends with its standard input.
func TestMain(m *testing.M) {
	if address := os.Getenv("CONEX_SERVE"); address != "" {
		if err := serve(address, os.Getenv("CONEX_CERTS"), os.Getenv("CONEX_CLIENTS")); err != nil {
			fmt.Fprintln(os.Stderr, "server:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

const serverKey = "the key of these tests"

func serve(address, certs, clients string) error {
	cfg := managers.Config{Address: address, AuthKey: []byte(serverKey), Types: types, MaxMessage: 64 << 20}
	if certs != "" {
		cert, err := tls.LoadX509KeyPair(filepath.Join(certs, "server.pem"), filepath.Join(certs, "server.key"))
		if err != nil {
			return err
		}
		cfg.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
		if clients != "" {
			cfg.TLS.ClientAuth = tls.RequireAndVerifyClientCert
			if cfg.TLS.ClientCAs, err = authority(certs); err != nil {
				return err
			}
		}
	}
	srv, err := managers.Listen(context.Background(), cfg)
	if err != nil {
		return err
	}
	add("objects", func(context.Context, struct{}) (int, error) { return srv.Objects(), nil })
	fmt.Println(srv.Address())
	go func() {
		io.Copy(io.Discard, os.Stdin)
		srv.Close()
	}()
	return srv.Serve(context.Background())
}

var types = managers.NewTypes("", managers.SyncTypes)

func add[A, R any](name string, fn func(context.Context, A) (R, error)) {
	managers.Function(types, name, futures.Local(fn))
}

type point struct {
	X, Y int
	Name string `pickle:"name,omitempty"`
}

// slept has the calls of sleep that were given up, begun those that have begun.
var slept, begun = make(chan float64, 1000), make(chan float64, 1000)

func init() {
	types.Register("jobs", managers.QueueType, managers.Shared())
	add("square", func(_ context.Context, x int64) (int64, error) { return x * x, nil })
	add("upper", func(_ context.Context, s string) (string, error) { return strings.ToUpper(s), nil })
	add("echo", func(_ context.Context, v any) (any, error) { return v, nil })
	add("nothing", func(context.Context, struct{}) (any, error) { return nil, nil })
	add("args", func(_ context.Context, a managers.Args) (any, error) {
		kwds := pickle.NewDict()
		for k, v := range a.Kwds {
			kwds.Set(k, v)
		}
		return pickle.Tuple{a.Args, kwds}, nil
	})
	add("point", func(_ context.Context, p point) (string, error) {
		return fmt.Sprintf("%d %d %q", p.X, p.Y, p.Name), nil
	})
	add("sum", func(_ context.Context, x []int) (sum int, err error) {
		for _, n := range x {
			sum += n
		}
		return sum, nil
	})
	add("zeros", func(_ context.Context, n int) ([]byte, error) { return make([]byte, n), nil })
	add("length", func(_ context.Context, b []byte) (int, error) { return len(b), nil })
	add("even", func(_ context.Context, n int64) (int64, error) {
		if n%2 != 0 {
			return 0, fmt.Errorf("%d is odd", n)
		}
		return n, nil
	})
	add("open", func(_ context.Context, name string) (any, error) {
		return nil, fmt.Errorf("reading: %w", &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist})
	})
	add("error", func(_ context.Context, text string) (any, error) { return nil, errors.New(text) })
	add("value_error", func(_ context.Context, text string) (any, error) { return nil, pickle.ValueError.New(text) })
	add("attribute_error", func(_ context.Context, text string) (any, error) { return nil, pickle.AttributeError.New(text) })
	add("panic", func(_ context.Context, text string) (any, error) { panic(text) })
	add("deadline", func(context.Context, struct{}) (any, error) { return nil, context.DeadlineExceeded })
	add("function", func(context.Context, struct{}) (any, error) { return func() {}, nil })
	add("class", func(_ context.Context, name string) (any, error) {
		module, name, _ := strings.Cut(name, ":")
		return pickle.Global{Module: module, Name: name}, nil
	})
	add("sleep", func(ctx context.Context, seconds float64) (float64, error) {
		begun <- seconds
		select {
		case <-time.After(time.Duration(seconds * float64(time.Second))):
			return seconds, nil
		case <-ctx.Done():
			slept <- seconds
			return 0, ctx.Err()
		}
	})
	receive := func(c chan float64) func(context.Context, struct{}) (float64, error) {
		return func(ctx context.Context, _ struct{}) (float64, error) {
			select {
			case v := <-c:
				return v, nil
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		}
	}
	add("begun", receive(begun))
	add("given_up", receive(slept))
}

func authority(certs string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(filepath.Join(certs, "ca.pem"))
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("no certificate in ca.pem")
	}
	return pool, nil
}
