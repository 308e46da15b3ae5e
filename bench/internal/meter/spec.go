package meter

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"time"
)

// Place says which cores the two sides of a measurement may use.
type Place string

// Waking a sleeper on another core may cost tens of times what it costs on the same one, and the kernel moves the sides
// about as it likes. So whoever is compared is compared at the same place.
const (
	Free    Place = "free"  // wherever the kernel puts them
	OneCore Place = "1core" // everything on the first core, from before the program starts
	TwoCore Place = "2core" // the caller on the first core, its worker processes on the second
)

// Spec is one measurement as it was asked for.
type Spec struct {
	Case   string        // "process/submit", without a place
	Peer   string        // who is measured: "ours", "net/rpc", ...
	Place  Place         //
	N      int           // how many operations at most
	Budget time.Duration // when to stop early, for loops whose operations take long; 0: never
	Arg    int           // what the case makes of it
}

// Args returns the arguments that [ParseSpec] turns into s again.
func (s Spec) Args() []string {
	return []string{"-case", s.Case, "-peer", s.Peer, "-place", string(s.Place), "-n", strconv.Itoa(s.N),
		"-budget", strconv.FormatFloat(s.Budget.Seconds(), 'f', -1, 64) + "s", "-arg", strconv.Itoa(s.Arg)}
}

// ParseSpec reads the arguments of a measuring program.
func ParseSpec(args []string) (Spec, error) {
	var s Spec
	fs := flag.NewFlagSet("measure", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // the error says it all, and goes where errors go
	fs.StringVar(&s.Case, "case", "", "")
	fs.StringVar(&s.Peer, "peer", "", "")
	fs.StringVar((*string)(&s.Place), "place", string(Free), "")
	fs.IntVar(&s.N, "n", 1, "")
	fs.DurationVar(&s.Budget, "budget", 0, "")
	fs.IntVar(&s.Arg, "arg", 0, "")
	if err := fs.Parse(args); err != nil {
		return s, err
	}
	switch {
	case s.Case == "" || s.Peer == "":
		return s, errors.New("-case and -peer are both needed")
	case s.N < 1:
		return s, fmt.Errorf("-n %d: at least one operation is needed", s.N)
	case s.Place != Free && s.Place != OneCore && s.Place != TwoCore:
		return s, fmt.Errorf("-place %s: free, 1core or 2core", s.Place)
	case fs.NArg() > 0:
		return s, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	return s, nil
}

// Figure is the outcome of one measurement. What Value counts is the case's business: mostly nanoseconds per operation.
type Figure struct {
	Value  float64  `json:"value"`
	P99    float64  `json:"p99,omitempty"`    // with latencies, where Value is the median
	Allocs *float64 `json:"allocs,omitempty"` // objects allocated for an operation, where they were counted
	N      int      `json:"n"`                // operations that were really timed
}

// Print writes f as the line the driver waits for.
func (f Figure) Print(w io.Writer) error { return json.NewEncoder(w).Encode(f) }

// A Party takes one measurement.
type Party func(Spec) (Figure, error)

// Parties are the measurements a program knows: case, then peer.
type Parties map[string]map[string]Party

// Run takes the measurement the arguments ask for and prints its figure to w.
func (p Parties) Run(args []string, w io.Writer) error {
	s, err := ParseSpec(args)
	if err != nil {
		return err
	}
	party := p[s.Case][s.Peer]
	if party == nil {
		return fmt.Errorf("%s by %s: not known to this program", s.Case, s.Peer)
	}
	f, err := party(s)
	if err != nil {
		return fmt.Errorf("%s by %s: %w", s.Case, s.Peer, err)
	}
	return f.Print(w)
}
