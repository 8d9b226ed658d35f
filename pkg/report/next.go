package report

import (
	"fmt"

	"github.com/refbulk/refbulk/pkg/row"
)

// Next says how the same command goes on when it is run again, in sentences.
func (s *Summary) Next() []string {
	if s.Sandbox {
		return []string{"This was a rehearsal: a run against the real API sends every row, whatever stands here."}
	}
	settled := 0
	for _, status := range row.Statuses() {
		if status.Settled() && status != row.Rejected {
			settled += s.Statuses[status.String()]
		}
	}
	var next []string
	say := func(n int, one, many string) {
		switch {
		case n == 1:
			next = append(next, "1 row "+one+".")
		case n > 1:
			next = append(next, fmt.Sprintf("%s rows %s.", number(n), many))
		}
	}
	count := func(status row.Status) int { return s.Statuses[status.String()] }
	say(settled, "is done and costs no request, unless its content changes", "are done and cost no request, unless their content changes")
	switch {
	case s.HeldBack:
		say(s.NotReached, "is held back by --strict until none is invalid", "are held back by --strict until none is invalid")
	case s.Beyond:
		say(s.NotReached, "waits for rows beyond --first and is sent without it", "wait for rows beyond --first and are sent without it")
	default:
		say(s.NotReached, "was not reached and is sent", "were not reached and are sent")
	}
	say(count(row.Failed), "failed for a passing reason and is sent again", "failed for a passing reason and are sent again")
	say(count(row.Unknown), "was sent without an answer and is looked up before anything is sent", "were sent without an answer and are looked up before anything is sent")
	say(count(row.Invalid), "is invalid and is checked again", "are invalid and are checked again")
	say(count(row.Blocked), "waits for another and goes in when that is mended", "wait for others and go in when those are mended")
	say(count(row.Rejected), "was refused and stays so until it changes (--retry-rejected sends it all the same)",
		"were refused and stay so until they change (--retry-rejected sends them all the same)")
	say(count(row.Absent), "was not there and is looked for again", "were not there and are looked for again")
	return next
}
