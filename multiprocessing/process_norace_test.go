//go:build !race

package multiprocessing_test

const patience = 1
