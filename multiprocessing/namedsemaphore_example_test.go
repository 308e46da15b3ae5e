//go:build linux && (amd64 || arm64)

package multiprocessing_test

import (
	"fmt"
	"os"

	mp "github.com/conexgo/conex/multiprocessing"
)

func ExampleNamedSemaphore() {
	name := fmt.Sprintf("/conex-example-%d", os.Getpid())
	s, err := mp.CreateNamedSemaphore(name, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Unlink()
	defer s.Close()
	same, err := mp.OpenNamedSemaphore(name) // here, in Python, or in C
	if err != nil {
		fmt.Println(err)
		return
	}
	defer same.Close()
	fmt.Println(same.TryAcquire())
	fmt.Println(s.TryAcquire())
	// Output:
	// true <nil>
	// false <nil>
}
