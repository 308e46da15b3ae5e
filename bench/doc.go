// Bench measures this library beside its peers: CPython's own modules, net/rpc and go-plugin worker processes, the goroutine
// pools pond, ants, conc and errgroup, x/sync's semaphore, gocron, and what Go's standard library has.
//
//	go run ./bench                        # everything, in eleven to seventeen minutes
//	go run ./bench -quick                 # everything, in two minutes: for a look, not for a claim
//	go run ./bench -only 'process/call'   # the cases whose names match a regular expression
//	go run ./bench -json                  # one JSON object a line, for programs
//	go run ./bench -python /usr/bin/python3.12
//
// # What a row says
//
//	ok        process/submit   153 ns (149 ns – 161 ns)   ProcessPoolExecutor 74.9 µs = 490x (goal 300x); net/rpc …
//
// The first word is the verdict: "ok" (every goal of the case was taken and reached), "below", or "not taken" (a peer that a
// goal is about could not be measured, and none of the others was missed). Then come our figure, its spread, and each peer's
// figure with how many times better ours is. A figure is the median over the rounds, a spread the smallest and the largest
// one. For latencies the figure of a round is the median of its calls, and the 99th percentile is shown beside it. A goal
// without a peer is a bound for our own figure, or for the objects that our process allocates for an operation.
//
// # How it is measured
//
// In a round every party has its turn, ours first, then the next round begins: what disturbs the machine for a while disturbs
// all. Each turn is a process of its own, ours as everybody's, that makes its pool, warms it up, measures, and checks its
// results (who is wrong has no figure). Building, starting and warming are not timed unless the case is about them.
//
// Waking a sleeper on another core can cost thirty times what it costs on the same one, and where the kernel puts the two
// sides of a conversation changes from run to run. Such cases are therefore taken at several places, told apart by a
// suffix, and only figures from the same place are compared:
//
//	@free    wherever the kernel puts them
//	@1core   everything on the first core, from the program's start
//	@2core   the caller on the first core, its worker processes on the second; they are moved there after their start,
//	         so that all know of two cores
//
// # The cases
//
//	process/submit        a million calls of a trivial function, a future each, then all results; per task
//	process/map           a million items through Map; per item
//	process/call-hot      one call's round trip, workers warm and busy until just now
//	process/call-idle     the same after a second in which nothing happened
//	process/idle-cpu      processor time of pool and workers while nothing happens, in percent of one core
//	process/pool-start    a pool of two made, its first result, its shutdown
//	process/spare         a recycled worker's last result to the next task's, which runs on a spare; the peer starts and
//	                      joins a process through its fork server
//	process/grain-…       tasks of 100 µs and of 1 ms busy work on two workers, in percent of what two plain processes
//	                      do at the same time without a pool; above 102 the machine was not quiet, and the case is not
//	                      taken
//	process/kill          a task ignores its deadline: from the end of its grace until the next task, queued behind it on a
//	                      pool of one, is answered
//	process/bytes-100MiB  100 MiB as argument and as result, in bytes per second both ways counted; memcpy is Go's copy
//	process/struct        what a struct of six fields costs more than an int, as argument and result; the difference of
//	                      two measurements of one round
//	thread/submit, thread/call, thread/map
//	                      as above, on four goroutines
//
// Inside one process, always @free:
//
//	threading/lock        one goroutine counts under a lock; per time through it
//	threading/lock-contended
//	                      two at once
//	threading/lock-ctx    as threading/lock, acquired with a ctx that could end; the peer is a mutex without one
//	threading/semaphore, threading/semaphore-contended
//	                      as with the lock, under a semaphore of one
//	threading/event-pingpong, threading/condition-pingpong
//	                      two hand a ball to and fro, by two events or by one condition; per round trip
//	threading/thread      a thread started and joined
//	threading/timer       a timer started and cancelled; CPython's, which is a thread, ends outside of the figure
//	threading/memory      heap and stack of an idle thread, among 100,000
//	queue/1p1c, queue/4p4c
//	                      numbers from one producer to one consumer, or four to four, through a queue for 128; per item
//	queue/simple-1p1c, queue/simple-4p4c
//	                      the same through an unbounded queue; the channel is the one for 128
//	queue/priority        100,000 jobs put in at random, then taken out in order; per job. The heap has no lock
//	sched/run             a million events entered, then run, by a clock that costs no time; per event. Gocron has
//	                      20,000 jobs that run at once
//	sched/cancel          an event entered and cancelled among 1,000
//	contextvars/get-1, contextvars/get-1000
//	                      a variable read where 1 is set, and where 1,000 are
//	contextvars/set       a variable set; the peer makes a ctx with a value
//
// Between processes; the other side is a process of the same program, started before:
//
//	mp/spawn              a process of a small program (bench/internal/small) started and joined; the peers are CPython's by
//	                      spawn and by fork
//	mp/warm               the same from the stock of the fork server, which is filled before
//	mp/spawn-2GiB         mp/spawn with 2 GiB in use
//	mp/queue-int, mp/queue-int-2p2c, mp/queue-1KiB, mp/queue-1MiB
//	                      numbers or blocks through a Queue from one process to another, or from two to two; per item
//	mp/simplequeue-int, mp/simplequeue-int-2p2c, mp/simplequeue-1KiB, mp/simplequeue-1MiB
//	                      the same through a SimpleQueue
//	mp/queue-self         put and get in one process
//	mp/pipe-hot           a number through a Pipe and the next one back
//	mp/pipe-idle          the same after a second in which nothing happened
//	mp/pipe-64B, mp/pipe-64KiB, mp/pipe-1MiB
//	                      blocks one way through a Pipe; per block
//	mp/lock, mp/rlock, mp/semaphore
//	                      one process counts under it; per time through it
//	mp/lock-contended     two processes at once
//	mp/event, mp/barrier  two processes take turns by two events, or meet at a barrier; per round
//	mp/value, mp/value-atomic
//	                      a shared number counted up under its lock, and by an atomic addition, both beside CPython's
//	                      under its lock
//	mp/shm                a block of 4 KiB created, attached, closed twice, unlinked
//	mp/shareablelist      an item of a ShareableList read and written
//	mp/pool-map, mp/pool-map-1, mp/pool-apply
//	                      the numbers below a million through Pool.map, in chunks of the default size and of 1; one call
//	mp/waiters-threads, mp/waiters-memory
//	                      threads and resident memory of a process whose 5,000 goroutines wait for one semaphore
//	mp/worker-memory      private memory of an idle pool worker
//
// Objects in a manager's process, with CPython's own manager as the peer, and net/rpc serving a map and a channel. A call is a
// quarter of a round of four: set and get of a dict, put and get of a queue:
//
//	manager/go-go, manager/go-go-4, manager/go-go-16
//	                      one client in Go (@1core with its server), and as many at a time, over a unix socket
//	manager/py-go, manager/py-go-4
//	                      clients in CPython, with our server, and with CPython's
//	manager/connect-go, manager/connect-py
//	                      a client's connect and its first proxy, over TCP
//	manager/idle-connection
//	                      memory of the server for a connection that waits for requests
//	pickle/request, pickle/64KiB
//	                      a message read and one written: a request and its answer, and 64 KiB of bytes twice; the peers
//	                      are CPython's own pickle, in C, and og-rek
//
// Other programs, with CPython's subprocess and os/exec as the peers:
//
//	subprocess/true, subprocess/true-2
//	                      /bin/true run, one and two at a time; per run
//	subprocess/output-64MiB
//	                      64 MiB that head writes, collected
//	subprocess/communicate-64MiB
//	                      64 MiB through cat and back
//	subprocess/lines      a million lines of 32 bytes that cat writes, streamed; the peer os/exec has a bufio.Scanner
//	subprocess/kill-tree  a shell and three descendants that ignore SIGTERM, and a context that ends: from the end of their
//	                      grace until none of them runs. The peer is what one writes by hand, signals to a process group
//
// Python functions called from Go (futures/python), beside CPython's executor, pool and pipes; both sides run the same functions
// of the same file, on two workers of the same interpreter:
//
//	python/call           one call's round trip
//	python/submit         calls of a trivial function, a future each, then all results; per task. Pool.map-1 is Pool.map with
//	                      chunksize=1
//	python/map            100,000 items through Map and Pool.map, both in chunks of their own choice; per item
//	python/echo-1MiB      1 MiB of bytes as argument and as result
//	python/array-100MiB   a function changes 100 MiB of float64 where they are, in shared memory; in bytes per second, both ways
//	                      counted. The peer pickles them through a Pipe and back, numpy's array where there is numpy, else
//	                      array's
//	python/array-new-100MiB
//	                      the function copies them to an array that it makes, and returns that
//	python/start          a pool of two made and its first result; not its end
//	python/spare          a recycled worker's last result to the next task's, which runs on a spare; the peer's fork server
//	                      starts a process that sends one
//
// # JSON
//
//	{"case", "unit", "ours", "spread": [min, max], "peers": {name: figure}, "ratio": {name: how many times better ours is},
//	 "goal": {name: ratio}, "ok", "p99": {name: figure}, "allocs": {name: figure}, "missing": {name: why}}
//
// Times are in nanoseconds. A goal named "at most" or "at least" is a bound for our figure, one named "allocs at most" for
// ours among "allocs", the objects that a Go process allocates for an operation. "ours" and "spread" are null
// if it could not be taken; "ok" is true only if all goals were taken and reached. With -json as without, progress goes to
// standard error. The exit status is 1 if somebody who was there gave no figure or a wrong one, and 0 otherwise: a case
// below its goal is a result.
//
// # What it needs
//
// Linux for the placed cases. The go command and the module's source, to build the nested module bench/peers; the first time also a
// network or a module cache with the peers. Any CPython from 3.8 on; without -python the newest one is taken from PATH and
// from pyenv's versions. What is missing is said in the rows it is missing from. The machine should have nothing else to
// do, and two cores at least.
package main
