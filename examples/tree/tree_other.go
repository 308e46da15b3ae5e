//go:build !unix

package main

import (
	"context"
	"errors"
)

func run(context.Context) error { return errors.New("this example is about Unix processes") }
