// Package wait is how two processes wait for each other: spin for some
// microseconds where that can pay, then announce sleep in shared memory, then
// park in the runtime's poller on a unix socket whose other end rings.
//
// The socket is also the life line between the two: it reports end of file as
// soon as the other process is dead, however it died, because nobody else
// holds its end. And it carries what memory cannot: frames that must arrive
// while the other side is busy, and descriptors.
package wait
