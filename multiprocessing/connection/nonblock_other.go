//go:build !unix

package connection

import "os"

func setNonblock(*os.File) {}
