// Package multiprocessing has processes that work like threads, and what they
// share: queues, pipes, locks, semaphores, conditions, events and barriers.
package multiprocessing
