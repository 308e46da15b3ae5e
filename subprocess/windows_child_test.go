package subprocess_test

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"time"
)

// The test program plays children for tests on Windows, where there are few
// others that are sure to be there.
func init() {
	switch os.Getenv("CONEX_SUBPROCESS_PLAY") {
	case "args": // says what it got
		json.NewEncoder(os.Stdout).Encode(os.Args[1:])
	case "echo": // says what it reads, and so on the other stream
		io.Copy(io.MultiWriter(os.Stdout, os.Stderr), os.Stdin)
	case "tree": // starts one that lives as long as it may, and does the same
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), "CONEX_SUBPROCESS_PLAY=leaf")
		child.Stdout = os.Stdout
		if err := child.Start(); err != nil {
			fmt.Println(err)
			break
		}
		child.Wait()
	case "leaf":
		fmt.Println("grown")
		for {
			time.Sleep(time.Hour) // as long as it may live
		}
	case "handle": // writes to a handle that it has inherited
		n, _ := strconv.ParseUint(os.Args[1], 10, 64)
		_, err := io.WriteString(os.NewFile(uintptr(n), "handle"), "through the handle")
		fmt.Println(err)
	default:
		return
	}
	os.Exit(0)
}
