package multiprocessing

import (
	"context"
	"fmt"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/wire"
)

// A ForkServerConfig says how the stock of [ForkServer] is kept. It is plain
// data; the zero value is the default.
type ForkServerConfig struct {
	// Stock is how many processes stand by. Zero is 4; each costs one or two
	// megabytes. A burst of more starts than that goes on at the speed of
	// [Spawn]. Those that are used are replaced in the background.
	Stock int

	// Preload are functions that each process of the stock runs when it comes
	// up, before it is used: what takes long and is the same for all of them.
	Preload []conex.Bound

	// OnError says what to do if one of them fails.
	OnError PreloadPolicy
}

// A PreloadPolicy says what a failure in [ForkServerConfig.Preload] means.
type PreloadPolicy int

const (
	PreloadIgnore PreloadPolicy = iota // nothing: the process is used all the same
	PreloadWarn                        // a line on standard error, at the start of each process
	PreloadFail                        // the start of the process fails with the reason
)

// defaultStock is enough for starts that come a few at a time.
const defaultStock = 4

// SetForkServer changes how the stock of [ForkServer] is kept, for the processes
// that are started from now on: those that stood by are ended. It starts none,
// see [WarmForkServer]. The error says which argument of a preloaded function
// cannot be encoded, or that the stock is negative. Safe for concurrent use.
func SetForkServer(cfg ForkServerConfig) error {
	if cfg.Stock < 0 || cfg.OnError < PreloadIgnore || cfg.OnError > PreloadFail {
		return failure(fmt.Sprintf("ForkServerConfig with a stock of %d and policy %d", cfg.Stock, cfg.OnError))
	}
	p := new(preload)
	for _, b := range cfg.Preload {
		if b.IsZero() {
			continue
		}
		e := codec.Encoder{NoHandles: true}
		id, err := b.Encode(&e)
		if err != nil {
			return about(fmt.Sprintf("preloading %q", b.Name()), err)
		}
		p.Funcs = append(p.Funcs, preloadFunc{b.Name(), wire.Entries()[id].Sig, e.Buf})
	}
	if cfg.Stock == 0 {
		cfg.Stock = defaultStock
	}
	stock.mu.Lock()
	stock.size, stock.preload, stock.onError = cfg.Stock, p, cfg.OnError
	stock.mu.Unlock()
	stock.flush()
	return nil
}

// SetForkServerPreload is [SetForkServer] with functions to preload and nothing
// else.
func SetForkServerPreload(funcs ...conex.Bound) error {
	return SetForkServer(ForkServerConfig{Preload: funcs})
}

// WarmForkServer fills the stock of [ForkServer] and returns once all of it is
// ready, so that the first starts are as fast as the later ones. Programs that do
// not call it have a stock from the first start on.
func WarmForkServer(ctx context.Context) error { return stock.warm(ctx) }

// StopForkServer ends the processes of the stock and waits for that. Processes
// that were started from it go on. The next start begins a new stock. The end of
// the program does the same.
func StopForkServer() { stock.stop() }

// preload is what a process of the stock runs first.
type preload struct{ Funcs []preloadFunc }

type preloadFunc struct {
	Name, Sig string
	Arg       []byte
}
