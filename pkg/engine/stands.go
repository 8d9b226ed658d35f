package engine

import (
	"fmt"
	"strings"

	"github.com/refbulk/refbulk/pkg/row"
)

// unsendable gives the outcome of a row for which no call is made.
func (r *run) unsendable(in *row.Intent) (row.Outcome, bool) {
	o := r.survey.order
	status, waits := r.stands(in.Row)
	outcome := row.Outcome{Status: status}
	switch {
	case status == row.Invalid && len(in.Problems) > 0:
		outcome.Error = row.Explain(in.Problems)
	case status == row.Invalid:
		outcome.Error = describeCycle(o.Cycle(in.Row))
	case status == row.Duplicate:
		outcome.Error = fmt.Sprintf("row %d says the same", o.DuplicateOf(in.Row))
	case status == row.Blocked && waits == 0:
		outcome.Error = held(in.Operation)
	case status == row.Blocked:
		why := "its referrer"
		if before, _ := o.WaitsFor(in.Row); waits == before {
			why = "the same target"
		}
		outcome.Error = fmt.Sprintf("waits for row %d (%s), which is %v", waits, why, r.survey.status[waits-1])
	}
	return outcome, status != row.Pending
}

// stands is the status of a row for which no call is made, pending for one
// that can be sent. A blocked one waits for a row that failed.
func (r *run) stands(n int) (status row.Status, waits int) {
	o, f := r.survey.order, r.survey.facts[n-1]
	switch {
	case f&invalid != 0:
		return row.Invalid, 0
	case f&skipped != 0:
		return row.Skipped, 0
	case o.InCycle(n):
		return row.Invalid, 0
	case o.DuplicateOf(n) != 0:
		return row.Duplicate, 0
	case r.survey.strays.holds(n):
		return row.Blocked, 0
	}
	before, referrer := o.WaitsFor(n)
	for _, w := range [...]int{before, referrer} {
		if w != 0 && r.survey.status[w-1].NeedsMending() {
			return row.Blocked, w
		}
	}
	return row.Pending, 0
}

// waitsBeyond reports whether the row waits for one that this run does not
// reach, because only the first rows of the file are tried.
func (r *run) waitsBeyond(n int) bool {
	before, referrer := r.survey.order.WaitsFor(n)
	return before != 0 && r.survey.status[before-1] == row.Pending ||
		referrer != 0 && r.survey.status[referrer-1] == row.Pending
}

func describeCycle(rows []int) string {
	const most = 10
	var b strings.Builder
	b.WriteString("the rows wait for each other in a ring: ")
	for _, r := range rows[:min(len(rows), most)] {
		fmt.Fprintf(&b, "row %d → ", r)
	}
	if len(rows) > most {
		b.WriteString("… → ")
	}
	fmt.Fprintf(&b, "row %d; take one referrer out", rows[0])
	return b.String()
}
