package batch

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// count produces the jobs 0 to n-1.
func count(n int) func(func(int) bool) error {
	return func(emit func(int) bool) error {
		for i := range n {
			if !emit(i) {
				return nil
			}
		}
		return nil
	}
}

func TestEveryJobIsDoneOnceAndEveryRecordCommittedOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 200).Draw(t, "jobs")
		workers := rapid.IntRange(1, 20).Draw(t, "workers")
		var atOnce, most atomic.Int64
		committed := map[int]int{}
		err := Pool[int, int]{
			Workers: workers,
			Produce: count(n),
			Work: func(_ context.Context, job int, record func(int) error) error {
				now := atOnce.Add(1)
				defer atOnce.Add(-1)
				for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
				}
				return record(job)
			},
			Commit: func(records []int) error {
				if len(records) > workers {
					t.Fatalf("%d records wait for one commit of %d workers", len(records), workers)
				}
				for _, r := range records {
					committed[r]++
				}
				return nil
			},
		}.Run(t.Context(), t.Context())
		if err != nil {
			t.Fatalf("Run() = %v, want nil", err)
		}
		if most.Load() > int64(workers) {
			t.Fatalf("%d jobs at once, want at most %d", most.Load(), workers)
		}
		for i := range n {
			if committed[i] != 1 {
				t.Fatalf("job %d was committed %d times, want once", i, committed[i])
			}
		}
	})
}

func TestRecordReturnsOnlyAfterItsCommit(t *testing.T) {
	var committed atomic.Int64
	err := Pool[int, int]{
		Workers: 8,
		Produce: count(100),
		Work: func(_ context.Context, job int, record func(int) error) error {
			before := committed.Load()
			if err := record(job); err != nil {
				return err
			}
			if committed.Load() == before {
				t.Errorf("job %d went on before its record was committed", job)
			}
			return nil
		},
		Commit: func(records []int) error { committed.Add(int64(len(records))); return nil },
	}.Run(t.Context(), t.Context())
	if err != nil {
		t.Fatal(err)
	}
}

func TestRecordsThatWaitAreCommittedTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var commits int
		err := Pool[int, int]{
			Workers: 10,
			Produce: count(100),
			Work:    func(_ context.Context, job int, record func(int) error) error { return record(job) },
			Commit: func([]int) error {
				commits++
				time.Sleep(time.Second) // an fsync
				return nil
			},
		}.Run(t.Context(), t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if commits > 25 {
			t.Errorf("100 records of 10 workers took %d commits", commits)
		}
	})
}

func TestTheEndOfTheIntakeLetsJobsUnderWayFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		intake, stop := context.WithCancel(t.Context())
		var started, finished atomic.Int64
		time.AfterFunc(1500*time.Millisecond, stop)
		err := Pool[int, int]{
			Workers: 4,
			Produce: count(1000),
			Work: func(calls context.Context, job int, record func(int) error) error {
				started.Add(1)
				defer finished.Add(1)
				select {
				case <-time.After(time.Second):
					return record(job)
				case <-calls.Done():
					t.Errorf("job %d was abandoned", job)
					return nil
				}
			},
			Commit: func([]int) error { return nil },
		}.Run(t.Context(), intake)
		if err != nil {
			t.Errorf("Run() = %v, want nil: an end of the intake is no error", err)
		}
		if started.Load() != 8 || finished.Load() != 8 {
			t.Errorf("%d jobs started and %d finished, want 8 and 8", started.Load(), finished.Load())
		}
	})
}

func TestAnErrorEndsTheBatchAndReachesTheCaller(t *testing.T) {
	boom := errors.New("boom")
	fine := func([]int) error { return nil }
	pass := func(_ context.Context, job int, record func(int) error) error { return record(job) }
	for _, test := range []struct {
		name string
		pool Pool[int, int]
	}{
		{"of the producer", Pool[int, int]{Produce: func(emit func(int) bool) error { emit(1); return boom }, Work: pass, Commit: fine}},
		{"of a commit", Pool[int, int]{Produce: count(1000), Work: pass, Commit: func([]int) error { return boom }}},
		{"of a job", Pool[int, int]{Produce: count(1000), Commit: fine, Work: func(_ context.Context, job int, record func(int) error) error {
			if job == 7 {
				return boom
			}
			return record(job)
		}}},
		{"of every job", Pool[int, int]{Produce: count(1000), Commit: fine, Work: func(context.Context, int, func(int) error) error { return boom }}},
	} {
		test.pool.Workers = 5
		if err := test.pool.Run(t.Context(), t.Context()); !errors.Is(err, boom) {
			t.Errorf("an error %s: Run() = %v, want boom", test.name, err)
		}
	}
}

func TestNothingIsCommittedAfterACommitFailed(t *testing.T) {
	full := errors.New("no space left on device")
	var after int
	commits := 0
	err := Pool[int, int]{
		Workers: 3,
		Produce: count(100),
		Work: func(_ context.Context, job int, record func(int) error) error {
			_ = record(job) // a job that does not look at the error
			return nil
		},
		Commit: func([]int) error {
			if commits++; commits >= 3 {
				after++
				return full
			}
			return nil
		},
	}.Run(t.Context(), t.Context())
	if !errors.Is(err, full) || after != 1 {
		t.Errorf("Run() = %v after %d failing commits, want %v after one", err, after, full)
	}
}

func BenchmarkPool(b *testing.B) {
	b.ReportAllocs()
	err := Pool[int, int]{
		Workers: 64,
		Produce: count(b.N),
		Work:    func(_ context.Context, job int, record func(int) error) error { return record(job) },
		Commit:  func([]int) error { return nil },
	}.Run(b.Context(), b.Context())
	if err != nil {
		b.Fatal(err)
	}
}
