package main

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/conexgo/conex/sched"
	"github.com/robfig/cron/v3"
)

// The parser of cron expressions that most Go programs use fits package sched as it is: what it returns is a Schedule.
func TestCron(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // where the clock begins at midnight UTC, on 1 January 2000
		quarters, err := cron.ParseStandard("CRON_TZ=UTC */15 8-9 * * *")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Hour)
		defer cancel()
		var s sched.Scheduler
		var got []string
		if _, err := s.Repeat(quarters, 0, func(context.Context) error {
			got = append(got, time.Now().UTC().Format("15:04"))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if err := s.Run(ctx); err == nil {
			t.Error("a job without an end has ended")
		}
		want := []string{"08:00", "08:15", "08:30", "08:45", "09:00", "09:15", "09:30", "09:45"}
		if !slices.Equal(got, want) {
			t.Errorf("ran at %q, want %q", got, want)
		}
	})
}
