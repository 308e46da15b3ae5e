// Command peers measures what a Go programmer would pick today for the work of Conex: goroutine pools (pond, ants, conc,
// errgroup), worker processes driven by net/rpc, plain or through go-plugin, x/sync's semaphore, gocron and os/exec. It is a module
// of its own, so that neither Conex nor the program that measures Conex carries these libraries. `go run ./bench` builds and
// starts it, once for every measurement; package meter says how.
//
//	go run -C bench/peers . -case thread/call -peer ants -n 10000
package main

import (
	"fmt"
	"os"

	"github.com/conexgo/conex/bench/internal/meter"
)

// osExec is the name of os/exec as a peer.
const osExec = "os/exec"

// roleEnv says what this program is to be: unset, the one that measures; else a worker process of one.
const roleEnv = "CONEX_BENCH_ROLE"

var parties = meter.Parties{
	"process/submit":                {"net/rpc": submitRPC},
	"process/call-hot":              {"net/rpc": callRPC, "go-plugin": callPlugin},
	"threading/semaphore":           {"x/sync/semaphore": lockSemaphore},
	"threading/semaphore-contended": {"x/sync/semaphore": contendSemaphore},
	"sched/run":                     {"gocron": runGocron},
	"sched/cancel":                  {"gocron": cancelGocron},
	"thread/submit":                 {"pond": submitPond, "ants": submitAnts, "conc": submitConc, "errgroup": submitErrgroup},
	"thread/call":                   {"pond": callPond, "ants": callAnts, "conc": callConc, "errgroup": callErrgroup},
	"manager/go-go":                 {"net/rpc": storeCalls(1)},
	"manager/go-go-4":               {"net/rpc": storeCalls(4)},
	"manager/go-go-16":              {"net/rpc": storeCalls(16)},
	"pickle/request":                {"og-rek": pickleOgorek(pickledRequest)},
	"pickle/64KiB":                  {"og-rek": pickleOgorek(pickledBlock)},
	"subprocess/true":               {osExec: runTrue},
	"subprocess/true-2":             {osExec: runTrueTwo},
	"subprocess/output-64MiB":       {osExec: outputBig},
	"subprocess/communicate-64MiB":  {osExec: communicateBig},
	"subprocess/lines":              {osExec: scanLines},
	"subprocess/kill-tree":          {osExec: killTree},
	"thread/map":                    {"pond": mapPond, "ants": mapAnts, "conc": mapConc, "errgroup": mapErrgroup},
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func run() error {
	role := os.Getenv(roleEnv)
	if role == "" {
		return parties.Run(os.Args[1:], os.Stdout)
	}
	if err := meter.SettleWorker(); err != nil {
		return err
	}
	switch role {
	case "rpc-stdio":
		return serveRPC()
	case "store":
		return serveStore()
	case "go-plugin":
		servePlugin()
		return nil
	default:
		return fmt.Errorf("%s=%s: no such worker", roleEnv, role)
	}
}
