// Package batch does many jobs at once: one producer, a bounded number of
// workers, and one goroutine that commits what the workers record. It knows
// nothing of what the jobs are; the channels by which jobs and records go from
// hand to hand live here.
//
// There are two ways to stop. When the intake context ends, no further job is
// taken and those under way finish. When the calls context ends, jobs under
// way are expected to give up as well. An error of a job or of the producer
// ends the intake; what a job merely found out is not an error, it is recorded.
// An error of a commit ends the calls, too: what they find out could not be
// recorded.
package batch

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"
)

// Pool says how to do a batch of jobs of type Job whose records are of type
// Record.
type Pool[Job, Record any] struct {
	// Workers is the number of jobs under way at once, at least 1.
	Workers int

	// Produce hands each job to emit and returns when there are no more. Emit
	// waits for a free worker, and returns false when no more jobs are taken:
	// Produce should return nil then.
	Produce func(emit func(Job) bool) error

	// Work does one job under the calls context. It records what it finds out
	// by way of its worker's Recorder. An error of Work ends the batch.
	Work func(calls context.Context, job Job, out *Recorder[Record]) error

	// Commit makes records durable, all that wait at once. It is called by
	// one goroutine. Its error reaches every worker whose record was among them
	// or comes after, and ends the batch.
	Commit func([]Record) error
}

// errIntakeOver ends the producer's loop when the intake context ended.
var errIntakeOver = errors.New("no more jobs are taken")

// Run does the whole batch and returns when every goroutine has ended. The
// intake context has to end no later than the calls context. The end of the
// intake is not an error; the first error of a job, of the producer or of a
// commit is returned.
func (p Pool[Job, Record]) Run(calls, intake context.Context) error {
	intake, stop := context.WithCancelCause(intake)
	defer stop(nil)
	calls, abandon := context.WithCancelCause(calls)
	defer abandon(nil)

	jobs := make(chan Job)
	desk := newDesk[Record](max(1, p.Workers))

	var committer, group errgroup.Group
	committer.Go(func() error { return p.commitAll(desk, stop, abandon) })

	group.Go(func() error {
		defer close(jobs)
		return ending(stop, p.Produce(func(job Job) bool { return offer(intake, jobs, job) }))
	})
	for range max(1, p.Workers) {
		group.Go(func() error { return p.work(calls, jobs, desk, stop) })
	}
	err := group.Wait()
	desk.close()
	if commitErr := committer.Wait(); commitErr != nil {
		// The jobs that waited failed with it: it is the cause.
		return commitErr
	}
	return err
}

// ending ends the intake when err is an error, and passes it on.
func ending(stop context.CancelCauseFunc, err error) error {
	if err != nil {
		stop(errIntakeOver)
	}
	return err
}

// offer hands the job to the next free worker.
func offer[Job any](intake context.Context, jobs chan<- Job, job Job) bool {
	if intake.Err() != nil {
		return false
	}
	select {
	case jobs <- job:
		return true
	case <-intake.Done():
		return false
	}
}

// work does jobs until there are none, or one fails.
func (p Pool[Job, Record]) work(calls context.Context, jobs <-chan Job, desk *desk[Record], stop context.CancelCauseFunc) error {
	calls, leave := context.WithCancel(calls) // its own: contexts that come of the same one wait for each other
	defer leave()
	out := newRecorder(desk)
	defer desk.leave()
	for job := range jobs {
		if err := ending(stop, p.Work(calls, job, out)); err != nil {
			return err
		}
	}
	return out.Settle()
}

// commitAll commits what lies on the desk, everything at once, until it is
// closed. After an error nothing more is committed: what stands on disk stays a
// beginning of what was recorded.
func (p Pool[Job, Record]) commitAll(desk *desk[Record], stop, abandon context.CancelCauseFunc) error {
	var failed error
	var took time.Duration                 // by the latest commit
	const longest = 100 * time.Millisecond // one that hung says nothing of the next
	for {
		batch, whose := desk.take(took)
		if len(batch) == 0 {
			return failed
		}
		if failed == nil {
			began := time.Now()
			if failed = ending(stop, p.Commit(batch)); failed != nil {
				abandon(failed)
			}
			took = min(time.Since(began), longest)
		}
		desk.answer(whose, failed)
	}
}
