// Package meter is what every measured Go program of the bench command has in common: what it was asked for
// ([Spec]), how it times ([Bulk], [Calls]), where it runs ([PinSelf], [Start]) and what it prints ([Figure]).
// Our library's measurements and the peers' go through the same loops and the same pinning, so that a ratio between
// them says something about the libraries and nothing about the clocks. The Python script keeps to the same
// protocol in its own words.
//
// The protocol: a program is started as
//
//	PROGRAM -case process/call-hot -peer net/rpc -place 2core -n 20000 -budget 1s -arg 0
//
// takes one measurement, checks that its results were right, and prints one JSON object as the last line of its standard
// output. Anything else is a non-zero exit status with the reason on standard error.
package meter
