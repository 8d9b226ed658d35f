//go:build unix

package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

// twoWrites are rows that take two writes, of which the second is a
// qualification.
var twoWrites = map[string]struct {
	row    line
	status string
	want   sandbox.Commits
}{
	"create": {line{operation: "create", email: "new@example.com", first: "New", referrer: "old@example.com", qualified: "yes"}, "created", sandbox.Commits{Creates: 1, Qualifications: 1}},
	"update": {line{operation: "update", email: "lead@example.com", first: "Changed", qualified: "yes"}, "updated", sandbox.Commits{Updates: 1, Qualifications: 1}},
}

// A row whose first write was done never counts as failed, which would say
// that nothing was applied, and its first write is not made again.
func TestWhateverBefallsTheSecondWriteOfARowTheFirstIsNotRepeated(t *testing.T) {
	t.Parallel()
	home := elsewhere(t)
	many := atOnce(t)
	defer many.wait()
	for name, two := range twoWrites {
		for _, m := range allMishaps(home) {
			word := strings.ReplaceAll(strings.Split(m.effect, "://")[0], " ", ",")
			for _, before := range []string{"", "POST /users times=1 lose-answer\n"} {
				if name != "create" && before != "" {
					continue
				}
				mishap := before + "PUT /users/qualification " + m.effect
				test := name + "/" + strings.Fields(before + "plain")[0] + "/"
				many.run(test+"once/"+word, func(t *testing.T) {
					v, one := second(t, two.row, strings.Replace(mishap, "qualification", "qualification times=1", 1))
					one.leaves(t, v, 0, two.status, two.want)
				})
				many.run(test+"forever/"+word, func(t *testing.T) {
					v, one := second(t, two.row, mishap)
					if m.forever.status != "" {
						half := two.want
						half.Qualifications = 0
						one.leaves(t, v, m.forever.code, "unknown", half)
						v.ClearFaults()
					}
					one.leaves(t, v, 0, two.status, two.want)
				})
			}
		}
	}
}

// second is an import of a row under faults.
func second(t *testing.T, row line, faults string) (*vendor, command) {
	scheduled, err := sandbox.ParseFaults(faults)
	if err != nil {
		t.Fatal(err)
	}
	v := serve(t, sandbox.Options{State: trio(), Faults: scheduled, Behaviour: sandbox.Behaviour{RepeatCreate: sandbox.RepeatMakesAnother, RequalifyCounts: true}})
	return v, oneRow(t, v, operation{row: row}, append(soon(faults), "--retries", "2")...)
}

// leaves runs the command and checks the row's status and all commits so far.
func (c command) leaves(t *testing.T, v *vendor, code int, status string, want sandbox.Commits) {
	t.Helper()
	o := c.run(t)
	results := filepath.Join(c.dir, "list.results.csv")
	if got := readResults(t, results).byRow[1].status; got != status || o.code != code {
		t.Errorf("status %s, exit code %d; want %s, %d\n%v\n%s", got, o.code, status, code, o, read(t, results))
	}
	if diff := cmp.Diff(want, v.Counts().Commits); diff != "" || v.Counts().Repeated != (sandbox.Repeated{}) {
		t.Errorf("commits (-want +got):\n%srepeated: %+v\n%v", diff, v.Counts().Repeated, o)
	}
}
