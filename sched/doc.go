// Package sched runs events at their times: the counterpart of Python's sched.
//
//	var s sched.Scheduler
//	s.Enter(5*time.Second, 1, func(ctx context.Context) error { … })
//	s.EnterAbs(midnight, 1, rotateLogs)
//	err := s.Run(ctx) // until no event is left
//
//	job, err := s.Repeat(sched.Interval(time.Minute), 1, poll)
//	err = s.Serve(ctx) // until ctx ends
//
// A [Scheduler] is a queue of events, ordered by time, priority and sequence,
// and nothing else: the goroutine that calls [Scheduler.Run] waits for them and
// calls their actions. So the order is certain, actions do not run beside each
// other unless several goroutines call Run, and nothing goes on in the
// background.
//
// # When to use it
//
// For things that are to happen in a certain order at certain times: timetables,
// timeouts by the thousand, retries, simulations whose clock is not the real
// one ([Clock]), and things that happen again and again ([Job]).
//
// Not for a single timer: that is time.AfterFunc, or threading.Timer. Not for
// work that takes long, unless the action hands it on to a pool of package
// futures: what an action takes makes others late. Not for what must survive
// the program; it can store the time of the last run and give it to [After].
//
// # Jobs
//
// [Scheduler.Repeat] runs an action at the times of a [Schedule], an interface
// with the one method that parsers of cron expressions have; no parser comes
// with the package. [Interval] is a schedule without drift. A job never runs
// twice at a time. Times that pass before it could run are made one, made up
// for or left out: [Coalesce], [CatchUp], [Skip]. A job is paused, resumed and
// cancelled by itself, or together with the whole Scheduler, and keeps count.
//
// # When things fail
//
//   - An action that returns an error ends Run with it, or goes to
//     [Config].OnError. It is not tried again. The other events stay.
//   - An action that panics, or calls runtime.Goexit, does so through Run. The
//     scheduler stays consistent: a following Run goes on with the rest.
//   - An action that never returns keeps the goroutine that called Run. Other
//     goroutines in Run go on.
//   - The context of Run ends: Run returns an error that matches the context's,
//     after the action that runs. The action's own context is the same.
//   - A goroutine in Run that goes, for whatever reason, leaves the waiting to
//     another one.
//   - A Clock whose Sleep fails or panics ends Run, and loses nothing.
//   - A schedule that does not move on ends its job, and is reported.
//
// # Clocks
//
// Enter counts by the monotonic clock, so setting the clock of the computer
// changes nothing about a delay. EnterAbs waits for the clock that its time was
// read from: a time of day, which has no monotonic reading, for the wall clock.
// If that is set, or the computer was suspended, such an event runs when the
// clock says so, noticed within 30 seconds. On Linux and macOS the monotonic
// clock stands still while the computer is suspended, and delays with it.
//
// A [Clock] of one's own has one time only. In tests the real one in a bubble
// of testing/synctest is simpler.
//
// # Costs
//
// On two busy cores of a virtual machine, where Python's take 5–12 µs an event
// that is entered and run:
//
//	Enter and the event's run, 1,000 waiting      160–350 ns, 1 allocation of 80 bytes
//	the same, 1,000,000 waiting                   0.5–1 µs
//	Enter and Cancel, 1,000 waiting               150–280 ns
//	an event of a job                             240–300 ns
//	an event for now, until it runs in Serve      0.8–1.1 µs
//
// Entering and cancelling take time in proportion to the logarithm of the number
// of events, [Scheduler.Queue] n log n. A Scheduler that waits costs one timer,
// however many goroutines are in Run and however many events wait. After every
// 64 events in a row Run lets other goroutines have the processor; a Clock is
// told to sleep for 0 after each. The package is the same on all systems.
//
// # From Python
//
//	scheduler()                       var s Scheduler
//	scheduler(timefunc, delayfunc)    New(Config{Clock: …}), with Clock.Now and Clock.Sleep
//	enter(delay, priority, action)    s.Enter(d, priority, action)
//	enterabs(time, priority, action)  s.EnterAbs(t, priority, action)
//	argument=, kwargs=                variables of the closure
//	cancel(event), ValueError         s.Cancel(ev), ErrNotQueued
//	empty(), queue                    s.Empty(), s.Len(), s.Queue()
//	run()                             s.Run(ctx)
//	run(blocking=False)               s.RunPending(ctx)
//	Event.time, priority, sequence    ev.Time(), ev.Priority(), ev.Sequence()
//	Event.action, argument, kwargs    ev.Action()
//
// Two things differ on purpose. An event that comes earlier than the one that
// Run sleeps for is noticed at once, where Python's would be late. And Run
// returns as soon as the last event is cancelled, not when it would have been
// due.
package sched
