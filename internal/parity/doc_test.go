// Package parity checks docs/parity.tsv, the table that says what has become
// of each name and behaviour of Python's documentation. It has tests only.
//
// The table has one line a row and five columns, separated by tabs:
//
//	id      key of the row in the inventory of Python's documentation
//	status  done, maps, none or later
//	go      what stands for it: package path within the module and name, such
//	        as futures/process.Pool.Kill; the root package is called conex
//	test    what shows it: directory and function, such as futures/TestWait,
//	        also of a subtest, such as futures/TestThreadPool/Cancel
//	note    one sentence: how it differs from Python, or why there is nothing
//
// In go and test several entries may stand side by side, separated by spaces;
// "-" stands for none. What each status asks for:
//
//	done    test; go, or a note if the row is a behaviour without a name
//	maps    note: there is no exact counterpart, another idiom or another rule
//	        takes its place, which go and test may name
//	none    note with the reason; no go and no test
//	later   note that says what it waits for; no go and no test
//
// A line that starts with # is a comment. "# complete: MODULE" promises that
// every id of the module has its row, which is checked where the inventory is
// at hand.
package parity
