// Package shm is memory that several processes share and that vanishes with
// the last of them: it has no name, so nothing has to be unlinked and nothing
// is left behind by a crash. On Linux it is a memfd, which the kernel counts
// as the process's memory; elsewhere on unix an unlinked temporary file. It
// travels to another process as a descriptor.
package shm
