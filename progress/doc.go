// Package progress shows how far a loop or a counter has come: a bar on a
// terminal, a plain line every few seconds in a log, nothing when silent.
//
// Wrap the results that a loop ranges over, and that is all:
//
//	results := futures.Map(ctx, pool, Resize, slices.Values(files))
//	for img, err := range progress.Seq2(results, progress.Config{Label: "resize", Total: int64(len(files))}) {
//		...
//	}
//
//	resize  [==========>......]   64%  642/1000  3 failed  51.3/s  7s left
//	resize: 1000/1000 100%, 3 failed, in 19s, 51.6/s
//
// [Seq] and [Seq2] take any iterator. An item counts when the loop body is
// through with it; [Seq2] counts one that came with an error as failed. Leaving
// the loop, by its end, break, return or panic, ends the bar with a last line.
// Where there is no loop to wrap, make a [Tracker] and count yourself:
//
//	t := progress.New(progress.Config{Label: "download", Unit: progress.Bytes, Total: size})
//	defer t.Finish()
//	t.Add(n) // from any goroutine
//
// # What is shown where
//
// [Config].Mode is [Auto] unless set, and Auto looks at the output (standard
// error by default). On a terminal it draws a bar. Everywhere else, and on a
// terminal whose user asks for plain output by TERM=dumb or a non-empty
// NO_COLOR, it writes plain lines. Whatever the mode, the last line says how many
// items were counted, how many failed, how long it took, and the mean rate.
//
// The bar consists of printable characters, spaces and carriage returns. There
// are no colours and no escape sequences, so that every terminal can show it
// and none is left in an odd state. It asks for the width of the terminal at
// each draw and never fills the last column, so it does not wrap; what does not
// fit is left out, the percentage last of all. Control characters in labels and
// notes are replaced, so a file name cannot play tricks with the terminal.
//
// The rate shown while work goes on is smoothed over the last ten seconds or ten
// items, whichever is longer. It sinks while nothing arrives. The time left
// follows from it, and is omitted when the total or the rate is unknown.
//
// # Other output meanwhile
//
// A Tracker is an [io.Writer] that puts whole lines above its bar:
//
//	log.SetOutput(t)
//
// A terminal can hold one bar. For a loop inside another, give the inner one the
// outer Tracker as its Output: that is no terminal, so plain lines appear above
// the outer bar.
//
// # When things go wrong
//
// Showing progress never disturbs the work. No [Config] is invalid, a nil
// *Tracker and a zero Tracker count for nothing or silently, and when the output
// fails the drawing stops while the counting goes on. Two things remain, as for
// every other print in a program. [Tracker.Finish] and [Tracker.Write] wait for
// an output that blocks (counting does not). And Go ends a program that writes to
// a broken pipe on its standard output or standard error, unless it listens for
// SIGPIPE. A program that ends by os.Exit leaves its bar as last drawn.
//
// # What it costs
//
// [Tracker.Add] is one atomic addition: about 3 ns, and no memory. Seq and Seq2
// add that, plus an indirect call, to each item: about 6 ns. One goroutine draws,
// ten times a second by default; Finish waits for it. When silent there is none.
//
// # Platforms
//
//	Linux, macOS, BSD, Solaris, AIX   the terminal and its width by TIOCGWINSZ
//	Windows                           by the console's screen buffer
//	others                            never a terminal: Auto writes lines
//
// The package knows nothing of executors. It has no counterpart in Python's
// standard library; the idea is that of the tqdm package.
package progress
