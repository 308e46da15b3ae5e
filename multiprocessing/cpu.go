package multiprocessing

import "runtime"

// CPUCount returns how many processors this process can keep busy at a time,
// which is how many workers are worth having: what its affinity and the limits
// of its container leave of the machine, and what the environment's GOMAXPROCS
// says, where Python has PYTHON_CPU_COUNT. It is at least 1. It is the runtime's
// own figure, runtime.GOMAXPROCS(0), which follows when the limits change.
//
// Python's cpu_count, which does not know of containers, is [MachineCPUCount].
func CPUCount() int { return runtime.GOMAXPROCS(0) }

// MachineCPUCount returns how many processors the machine has that are switched
// on, whether this process may use them or not. Where the system does not say it
// is runtime.NumCPU.
func MachineCPUCount() int {
	if n := onlineCPUs(); n > 0 {
		return n
	}
	return runtime.NumCPU()
}
