package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

const modulePath = "github.com/conexgo/conex"

// buildPeers compiles the nested module's program into dir and returns its path. It needs the module's source around and the
// peers in the module cache, or a network to fetch them from.
func buildPeers(ctx context.Context, dir string) (string, error) {
	where := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", modulePath)
	root, err := where.Output()
	if err != nil {
		return "", fmt.Errorf("the module's source is not to be found from here: %w%s", err, said(err))
	}
	bin := filepath.Join(dir, "peers")
	if runtime.GOOS == "windows" {
		bin += ".exe"
	}
	build := exec.CommandContext(ctx, "go", "build",
		"-C", filepath.Join(strings.TrimSpace(string(root)), "bench", "peers"), "-o", bin, ".")
	if _, err := build.Output(); err != nil {
		return "", fmt.Errorf("go build: %w%s", err, said(err))
	}
	return bin, nil
}

// smallEnv names the small program that children of the mp/spawn cases run.
const smallEnv = "CONEX_BENCH_SMALL"

// buildSmall compiles that program into dir.
func buildSmall(ctx context.Context, dir string) (string, error) {
	bin := filepath.Join(dir, "small")
	build := exec.CommandContext(ctx, "go", "build", "-o", bin, modulePath+"/bench/internal/small")
	if _, err := build.Output(); err != nil {
		return "", fmt.Errorf("go build: %w%s", err, said(err))
	}
	return bin, nil
}

// said is what a command that failed wrote to its standard error.
func said(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return lastLines(string(exit.Stderr))
	}
	return ""
}
