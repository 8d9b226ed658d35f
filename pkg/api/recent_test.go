package api

import (
	"fmt"
	"testing"
)

func TestOnlyWhomAnotherCallWasAboutIsAnothers(t *testing.T) {
	var r Recent
	if r.IsAnothers("ben", "ann") {
		t.Error("nobody was written to yet, and ben is another's")
	}
	r.Note("ann")
	r.Note("ben")
	r.Note("ben")
	r.Note("")
	for _, test := range []struct {
		named, whom string
		want        bool
	}{{"ben", "ann", true}, {"ann", "ann", false}, {"cas", "ann", false}, {"", "ann", false}} {
		if got := r.IsAnothers(test.named, test.whom); got != test.want {
			t.Errorf("IsAnothers(%q, %q) = %v, want %v", test.named, test.whom, got, test.want)
		}
	}
	for i := range len(r.latest) - 2 {
		r.Note(fmt.Sprint(i))
	}
	if !r.IsAnothers("ben", "ann") || r.IsAnothers("ann", "ben") {
		t.Error("the second ben is among the latest, and ann no more")
	}
	for i := range 2 * len(r.latest) {
		r.Note(fmt.Sprint(i))
	}
	if len(r.held) > len(r.latest)+1 {
		t.Errorf("%d are remembered, want the latest %d", len(r.held), len(r.latest))
	}
}
