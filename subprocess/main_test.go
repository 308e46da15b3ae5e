package subprocess_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/conexgo/conex"
)

// roles are what this test binary does instead of testing, if it is told so by
// CONEX_TEST_ROLE. Those of before see a program that did not call conex.Init.
var (
	roles       = map[string]func(){}
	rolesBefore = map[string]func(){}
)

const roleVar = "CONEX_TEST_ROLE"

// In these roles it tests, but without having started anything before, and
// without conex.Init in the second one.
const (
	coldRole       = "cold"
	coldRoleBefore = "cold without Init"
)

func TestMain(m *testing.M) {
	role := os.Getenv(roleVar)
	if f := rolesBefore[role]; f != nil {
		f()
		os.Exit(0)
	}
	if role == coldRoleBefore {
		os.Exit(m.Run())
	}
	conex.Init()
	if role == coldRole {
		os.Exit(m.Run())
	}
	if f := roles[role]; f != nil {
		f()
		os.Exit(0)
	}
	if role != "" {
		fmt.Fprintln(os.Stderr, "no role", role)
		os.Exit(3)
	}
	// What lives as long as the program is no leak of a test.
	warmUp()
	os.Exit(m.Run())
}
