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
				if stop := f.count(row.Rejected); stop != nil {
					t.Error(stop)
					return
				}
			}
		})
	}
	workers.Wait()
}
