package cli

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

// members is a campaign of so many leads, all of one referrer.
func members(n int) *sandbox.State {
	s := sandbox.Example()
	s.Users = []sandbox.User{{ID: 1, CampaignID: 1, Type: sandbox.PersonReferring, FirstName: "Rita", Email: "rita@example.com", SignedUpAt: "2026-01-05"}}
	for i := 2; i <= n; i++ {
		s.Users = append(s.Users, sandbox.User{
			ID: int64(i), CampaignID: 1, ReferrerID: 1, Type: sandbox.PersonInvited, FirstName: fmt.Sprint("Member ", i),
			Email: fmt.Sprintf("member%d@example.com", i), SignedUpAt: "2026-01-05", Meta: []sandbox.Meta{{Field: "City", Value: "Utrecht"}},
		})
	}
	s.NextUser = int64(n + 1)
	return &s
}

// calls counts what one command asked of the simulator.
func (r *rig) calls(do func()) (reads, writes int) {
	before := r.server.Counts()
	do()
	after := r.server.Counts()
	return after.Reads - before.Reads, after.Writes - before.Writes
}

// A whole customer list is fed to qualify, of which few were ever referred: the
// campaigns and the pages of the members are read, and only the members are
// written. The same list again costs the campaigns and, for those who are not
// there and are tried again, the pages.
func TestQualifyOfAWholeCustomerList(t *testing.T) {
	r := newRig(t, sandbox.Options{State: members(2000)})
	rows := [][]string{{"Email"}}
	for i := range 5000 {
		email := fmt.Sprintf("customer%d@example.com", i)
		if i%80 == 7 && i < 60*80 {
			email = fmt.Sprintf("member%d@example.com", 100+i/80)
		}
		rows = append(rows, []string{email})
	}
	r.write("customers.csv", rows)
	reads, writes := r.calls(func() {
		s, _ := r.imports(ExitDone, "customers.csv", "--campaign", "1", "--operation", "qualify")
		if s.Statuses["qualified"] != 60 || s.Statuses["absent"] != 4940 {
			t.Errorf("statuses %v, want 60 qualified and 4,940 absent", s.Statuses)
		}
	})
	if reads != 1+8 || writes != 60 {
		t.Errorf("%d reads and %d writes, want 1 of campaigns, 8 of users, and 60", reads, writes)
	}
	reads, writes = r.calls(func() { r.imports(ExitDone, "customers.csv", "--campaign", "1", "--operation", "qualify") })
	if reads != 1+8 || writes != 0 {
		t.Errorf("the same list again: %d reads and %d writes, want 9 and none", reads, writes)
	}
}

// Of an export that came back with one row in a hundred changed, those are
// sent. The same file again costs one look at the campaigns.
func TestUpsertSendsWhatChanged(t *testing.T) {
	r := newRig(t, sandbox.Options{State: members(3000)})
	file := filepath.Join(r.dir, "users.csv")
	reads, writes := r.calls(func() {
		if code, out, errs := r.run("export", "users", "-o", file, "--quiet"); code != ExitDone || out+errs != "" {
			t.Fatalf("export: exit %d\n%s%s", code, out, errs)
		}
	})
	if reads != 1+12 || writes != 0 {
		t.Errorf("the export took %d reads and %d writes, want 1 of campaigns, 12 of users, and none", reads, writes)
	}
	table := readTable(t, file)
	rows := [][]string{{"id", "email", "first_name", "campaign_id", "qualified", "meta:City"}}
	for i, m := range table {
		if i%100 == 50 {
			m["meta:City"] = "Ghent"
		}
		var cells []string
		for _, column := range rows[0] {
			cells = append(cells, m[column])
		}
		rows = append(rows, cells)
	}
	r.write("edited.csv", rows)
	reads, writes = r.calls(func() {
		if s, _ := r.imports(ExitDone, "edited.csv", "--operation", "upsert"); s.Statuses["updated"] != 30 || s.Statuses["unchanged"] != 2970 {
			t.Errorf("statuses %v, want 30 updated and 2,970 unchanged", s.Statuses)
		}
	})
	if reads != 1+12 || writes != 30 {
		t.Errorf("%d reads and %d writes, want 13 and 30", reads, writes)
	}
	reads, writes = r.calls(func() { r.imports(ExitDone, "edited.csv", "--operation", "upsert") })
	if reads != 1 || writes != 0 {
		t.Errorf("the same file again: %d reads and %d writes, want 1 and none", reads, writes)
	}
}
