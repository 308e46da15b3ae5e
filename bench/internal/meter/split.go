package meter

import (
	"errors"
	"os"
	"strconv"
)

// CoreEnv is the environment variable that tells a worker process of a peer which core it is to bind itself to.
const CoreEnv = "CONEX_BENCH_CORE"

// Split returns the cores of the two sides at [TwoCore]: the caller's and the workers'.
func Split() (caller, workers int, err error) {
	cores, err := Cores()
	if err != nil {
		return 0, 0, err
	}
	if len(cores) < 2 {
		return 0, 0, errors.New("two sides cannot have a core each: this process may use one only")
	}
	return cores[0], cores[1], nil
}

// WorkerEnv returns the environment for the worker processes of a peer measured at place.
func WorkerEnv(place Place) ([]string, error) {
	env := os.Environ()
	if place != TwoCore {
		return env, nil
	}
	_, core, err := Split()
	if err != nil {
		return nil, err
	}
	return append(env, CoreEnv+"="+strconv.Itoa(core)), nil
}

// SettleWorker is called first by a peer's worker process: it goes to the core it was told, if it was told one.
func SettleWorker() error {
	v := os.Getenv(CoreEnv)
	if v == "" {
		return nil
	}
	core, err := strconv.Atoi(v)
	if err != nil {
		return err
	}
	return PinSelf(core)
}

// SettleCaller binds the calling side of a measurement at [TwoCore], and does nothing at another place. It comes after the
// workers were started: whoever starts on a single core may choose its ways of waiting for a machine of one core, and
// both sides are to know that there are two.
func SettleCaller(place Place) error {
	if place != TwoCore {
		return nil
	}
	core, _, err := Split()
	if err != nil {
		return err
	}
	return PinSelf(core)
}
