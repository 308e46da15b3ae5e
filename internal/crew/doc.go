// Package crew runs tasks in worker processes: it decides which worker gets what
// and when, what happens to it if the worker dies, hangs, has served long enough
// or is not wanted any more, and what the pool's user is told. It is the engine
// behind futures/process and futures/python, which bring a [Link] each: how a
// worker starts, and what bytes go to and fro.
package crew
