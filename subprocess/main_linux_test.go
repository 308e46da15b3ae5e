package subprocess_test

import (
	"context"
	"time"

	"github.com/conexgo/conex/subprocess"
)

func warmUp() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	subprocess.Run(ctx, subprocess.Command("true"))
	subprocess.GuardianPID()
	subprocess.WarmStarters()
}
