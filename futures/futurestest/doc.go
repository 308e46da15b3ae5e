// Package futurestest tests implementations of futures.Executor, as
// testing/fstest tests file systems. Those who write an engine run
// [TestExecutor] over it in a test of their own; the engines of this module do
// the same.
//
// Its functions are registered with conex under names that begin with
// "futurestest.", so that engines in other processes can run them: import the
// package wherever the workers' program is built. A test binary that is its own
// worker does so by calling TestExecutor, and needs conex.Init in TestMain.
// An engine that runs other functions than Go's, such as those of another
// language, brings the same functions in its own way: see [Funcs] and [Options].
package futurestest
