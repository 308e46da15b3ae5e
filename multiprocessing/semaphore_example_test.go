//go:build linux

package multiprocessing_test

import (
	"context"
	"fmt"

	mp "github.com/conexgo/conex/multiprocessing"
)

func ExampleSemaphore() {
	ctx := context.Background()
	// Two at a time, in however many processes that get s as an argument.
	s, err := mp.NewSemaphore(2)
	if err != nil {
		fmt.Println(err)
		return
	}
	err = s.With(ctx, func(context.Context) error {
		fmt.Println(s)
		return nil
	})
	fmt.Println(s, err)
	// Output:
	// Semaphore(value=1)
	// Semaphore(value=2) <nil>
}

func ExampleBoundedSemaphore() {
	s, err := mp.NewBoundedSemaphore(1)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s.TryAcquire())
	fmt.Println(s.TryAcquire())
	fmt.Println(s.Release())
	fmt.Println(s.Release())
	// Output:
	// true <nil>
	// false <nil>
	// <nil>
	// threading: semaphore released more often than acquired
}
