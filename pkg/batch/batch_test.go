package batch

import (
	"context"
	"errors"
	"slices"
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

// record puts a record and waits for its commit.
func record(out *Recorder[int], r int) error {
	out.Put(r)
	return out.Settle()
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
			Work: func(_ context.Context, job int, out *Recorder[int]) error {
				now := atOnce.Add(1)
				defer atOnce.Add(-1)
				for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
				}
				return record(out, job)
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

func TestSettleReturnsOnlyAfterTheCommit(t *testing.T) {
	var committed atomic.Int64
	err := Pool[int, int]{
		Workers: 8,
		Produce: count(100),
		Work: func(_ context.Context, job int, out *Recorder[int]) error {
			before := committed.Load()
			if err := record(out, job); err != nil {
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
			Work:    func(_ context.Context, job int, out *Recorder[int]) error { return record(out, job) },
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

// What a job ends with and what the next one begins with take one commit.
func TestAWorkerGoesOnWhileItsRecordIsCommitted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var committed []int
		err := Pool[int, int]{
			Workers: 1,
			Produce: count(100),
			Work: func(_ context.Context, job int, out *Recorder[int]) error {
				out.Put(2 * job)
				if err := out.Settle(); err != nil {
					return err
				}
				if last := committed[len(committed)-1]; last != 2*job {
					t.Errorf("job %d went on while %d was the last record committed", job, last)
				}
				out.Put(2*job + 1)
				return nil
			},
			Commit: func(records []int) error {
				time.Sleep(time.Second) // an fsync
				committed = append(committed, records...)
				return nil
			},
		}.Run(t.Context(), t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !slices.IsSorted(committed) || len(committed) != 200 {
			t.Errorf("%d records were committed, want 200 in their order: %v", len(committed), committed)
		}
		if took := time.Since(began); took > 110*time.Second {
			t.Errorf("100 jobs took %v, want about one commit each", took)
		}
	})
}

func TestAWorkerHasNoMoreThanTwoRecordsOutstanding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var put int
		var done atomic.Int64
		err := Pool[int, int]{
			Workers: 1,
			Produce: count(50),
			Work: func(_ context.Context, job int, out *Recorder[int]) error {
				out.Put(job)
				if put++; put-int(done.Load()) > outstanding {
					t.Errorf("%d of %d records are committed, want all but %d", done.Load(), put, outstanding)
				}
				return nil
			},
			Commit: func(records []int) error {
				time.Sleep(time.Second)
				done.Add(int64(len(records)))
				return nil
			},
		}.Run(t.Context(), t.Context())
		if err != nil || done.Load() != 50 {
			t.Errorf("Run() = %v with %d records committed, want 50", err, done.Load())
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
			Work: func(calls context.Context, job int, out *Recorder[int]) error {
				started.Add(1)
				defer finished.Add(1)
				select {
				case <-time.After(time.Second):
					return record(out, job)
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
	pass := func(_ context.Context, job int, out *Recorder[int]) error { return record(out, job) }
	for _, test := range []struct {
		name string
		pool Pool[int, int]
	}{
		{"of the producer", Pool[int, int]{Produce: func(emit func(int) bool) error { emit(1); return boom }, Work: pass, Commit: fine}},
		{"of a commit", Pool[int, int]{Produce: count(1000), Work: pass, Commit: func([]int) error { return boom }}},
		{"of a job", Pool[int, int]{Produce: count(1000), Commit: fine, Work: func(_ context.Context, job int, out *Recorder[int]) error {
			if job == 7 {
				return boom
			}
			return record(out, job)
		}}},
		{"of every job", Pool[int, int]{Produce: count(1000), Commit: fine, Work: func(context.Context, int, *Recorder[int]) error { return boom }}},
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
		Work: func(_ context.Context, job int, out *Recorder[int]) error {
			_ = record(out, job) // a job that does not look at the error
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

func TestACommitThatFailedEndsTheCalls(t *testing.T) {
	full := errors.New("no space left on device")
	err := Pool[int, int]{
		Workers: 2,
		Produce: count(2),
		Work: func(calls context.Context, job int, out *Recorder[int]) error {
			if job == 1 {
				return record(out, job)
			}
			<-calls.Done() // a row whose try is half an hour away
			return context.Cause(calls)
		},
		Commit: func([]int) error { return full },
	}.Run(t.Context(), t.Context())
	if !errors.Is(err, full) {
		t.Errorf("Run() = %v, want %v", err, full)
	}
}

func BenchmarkPool(b *testing.B) {
	b.ReportAllocs()
	err := Pool[int, int]{
		Workers: 64,
		Produce: count(b.N),
		Work:    func(_ context.Context, job int, out *Recorder[int]) error { return record(out, job) },
		Commit:  func([]int) error { return nil },
	}.Run(b.Context(), b.Context())
	if err != nil {
		b.Fatal(err)
	}
}
