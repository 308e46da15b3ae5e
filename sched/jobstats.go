package sched

import "time"

// JobStats is what [Job.Stats] tells about a job.
type JobStats struct {
	Runs   int64     // runs that have ended
	Failed int64     // how many of them returned an error, or panicked
	Missed int64     // times of the schedule without a run of their own; see Coalesce and Skip
	Last   time.Time // when the last run started; zero if there was none
	Err    error     // the error of the last run that has ended; nil if that panicked
	Next   time.Time // when the next run is due; zero while the job runs, is paused or has ended

	Running bool
	Paused  bool
	Ended   bool // there will be no more runs than one that runs now
}
