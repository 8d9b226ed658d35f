package engine

import (
	"sync"
	"testing"

	"github.com/refbulk/refbulk/pkg/row"
)

func TestAFuseOfEverythingNeverBlowsHoweverManyCountAtOnce(t *testing.T) {
	f := fuse{share: 1}
	var workers sync.WaitGroup
	for range 16 {
		workers.Go(func() {
			for range 20_000 {
				if stop := f.count(row.Outcome{Status: row.Rejected}); stop != nil {
					t.Error(stop)
					return
				}
			}
		})
	}
	workers.Wait()
}

func TestAFuseOfNothingBlowsAtTheFirstRefusalAfterFiftyRows(t *testing.T) {
	f := fuse{share: 0}
	for n := range 2 * fuseAfter {
		if stop := f.count(row.Outcome{Status: row.Created}); stop != nil {
			t.Fatalf("after %d rows of which none was refused: %v", n+1, stop)
		}
	}
	if f.count(row.Outcome{Status: row.Rejected}) == nil {
		t.Error("a refusal did not blow the fuse")
	}
}

// A wrong column of referrers is a wrong column. What waits for another row was
// never sent, and says nothing of the list.
func TestAFuseCountsWhatWasRefusedForTheWantOfAnother(t *testing.T) {
	for _, test := range []struct {
		http  int
		blows bool
	}{{422, true}, {0, false}} {
		f, blown := fuse{share: 0.5}, false
		for range 2 * fuseAfter {
			blown = blown || f.count(row.Outcome{Status: row.Blocked, HTTPStatus: test.http}) != nil
		}
		if blown != test.blows {
			t.Errorf("of rows blocked with HTTP status %d the fuse blew: %v, want %v", test.http, blown, test.blows)
		}
	}
}
