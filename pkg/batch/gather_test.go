package batch

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// A commit takes 100 ms here. Jobs are how long, in ms, a worker has to do
// before it records them.
func TestRecordsWaitForOthersAsLongAsACommitTakes(t *testing.T) {
	for _, test := range []struct {
		name    string
		workers int
		jobs    []int
		want    []string // when each commit began, in ms, and of which jobs
	}{
		{"one worker waits for nobody", 1, []int{1, 1, 1}, []string{"1 [0]", "102 [1]", "203 [2]"}},
		{"until all wait", 3, []int{1, 10, 20, 60}, []string{"1 [0]", "161 [1 2 3]"}},
		{"no longer than the commit before took", 3, []int{1, 10, 20, 500}, []string{"1 [0]", "201 [1 2]", "601 [3]"}},
		{"who has nothing to do any more is not waited for", 4, []int{1, 10}, []string{"1 [0]", "101 [1]"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				var got []string
				err := Pool[int, int]{
					Workers: test.workers,
					Produce: count(len(test.jobs)),
					Work: func(_ context.Context, job int, out *Recorder[int]) error {
						time.Sleep(time.Duration(test.jobs[job]) * time.Millisecond)
						return record(out, job)
					},
					Commit: func(records []int) error {
						slices.Sort(records)
						got = append(got, fmt.Sprint(time.Since(began).Milliseconds(), " ", records))
						time.Sleep(100 * time.Millisecond)
						return nil
					},
				}.Run(t.Context(), t.Context())
				if err != nil || !slices.Equal(got, test.want) {
					t.Errorf("commits %q, %v, want %q", got, err, test.want)
				}
			})
		})
	}
}
