package engine

import (
	"fmt"
	"sync"

	"github.com/refbulk/refbulk/pkg/retry"
	"github.com/refbulk/refbulk/pkg/row"
)

// fuseAfter rows say enough about a list.
const fuseAfter = 50

// fuse ends a run of which too large a share is refused, so that a wrong
// column does not burn the whole list. Rows are judged one at a time: two
// counts of different instants would make a share that no list has.
type fuse struct {
	share float64

	mu              sync.Mutex
	tried, rejected int
}

// count adds an outcome, and returns the end of the run when the fuse has blown.
// A row may be refused only for the want of another, and is blocked then.
func (f *fuse) count(o row.Outcome) *retry.Stop {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tried++
	if o.Status == row.Rejected || o.Status == row.Blocked && o.HTTPStatus != 0 {
		f.rejected++
	}
	if f.tried <= fuseAfter || float64(f.rejected) <= f.share*float64(f.tried) {
		return nil
	}
	return &retry.Stop{Reason: fmt.Sprintf("the API refused %d of the first %d rows: is a column mapped wrongly? Mend the file, or raise --max-rejected",
		f.rejected, f.tried)}
}
