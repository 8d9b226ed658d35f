//go:build unix

package main

import (
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

// reversible is a file of 600 rows without deletions, which nothing takes
// back, and with some that put leads back to pending. Nor has it upserts: when
// the answer to one is lost, nothing tells for certain that it made the
// person, and the undo file leaves them there and says so.
func reversible(random *rand.Rand) (lines, *sandbox.State) {
	file, state := mixed(random)
	gone := func(l line) bool {
		return l.operation == "upsert" || slices.ContainsFunc(file, func(o line) bool { return o.operation == "delete" && o.email == l.email })
	}
	file = slices.DeleteFunc(slices.Clone(file), gone)
	for n := range state.Users {
		u := &state.Users[n]
		u.Meta = []sandbox.Meta{{Field: "City", Value: "Oslo"}}
		if n%3 == 0 && u.Type == sandbox.PersonInvited {
			u.QualifiedAt = "2026-01-01"
		}
	}
	for n := range file {
		if l := &file[n]; l.operation == "qualify" && n%2 == 0 {
			l.operation = "unqualify"
		}
	}
	return fill(file), state
}

// users are those of an account as they stand, without the dates that a
// qualification leaves.
func users(s sandbox.State) map[int64]sandbox.User {
	all := map[int64]sandbox.User{}
	for _, u := range s.Users {
		if u.QualifiedAt != "" {
			u.QualifiedAt = "qualified"
		}
		all[u.ID] = u
	}
	return all
}

func TestTheUndoFileBringsTheFormerStateBack(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		kills int
	}{{"after a run that nothing disturbed", 0}, {"after one that was killed again and again", 15}} {
		t.Run(test.name, func(t *testing.T) {
			seed := seed(t)
			random := rand.New(rand.NewPCG(seed, 2))
			file, state := reversible(random)
			v := serve(t, sandbox.Options{State: state, Behaviour: sandbox.Behaviour{RepeatCreate: sandbox.RepeatMakesAnother}})
			former := users(v.State())
			c := &crashing{vendor: v, random: random, dir: t.TempDir(), lookup: "auto"}
			for range test.kills {
				c.slow(seed)
				c.runAndKill(t, file, 60, 300*time.Millisecond)
			}
			c.prompt()
			done := c.toTheEnd(t, file)
			if changed := users(v.State()); len(changed) == len(former) {
				t.Fatalf("nothing was changed\n%v", done)
			}
			undo := c.command()
			undo.args[2] = "list.undo.csv"
			o := undo.run(t)
			if o.code != 0 {
				t.Errorf("importing the undo file ended with %d, want 0\n%v\n%s", o.code, o, read(t, filepath.Join(c.dir, "list.undo.failed.csv")))
			}
			if diff := cmp.Diff(former, users(v.State())); diff != "" {
				t.Errorf("the account (-before +after the undo file):\n%s\n%v", diff, o)
			}
			twice := c.command()
			twice.args[2] = "list.undo.csv"
			if writes := twice.want(t, 0).summary(t).Requests.Writes; writes != 0 {
				t.Errorf("importing the undo file again sent %d writes, want none", writes)
			}
		})
	}
}
