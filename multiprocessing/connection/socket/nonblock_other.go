//go:build !unix

package socket

import "os"

func setNonblock(*os.File) {}
