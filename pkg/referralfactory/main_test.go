package referralfactory

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/pace"
	"github.com/refbulk/refbulk/pkg/row"
	"github.com/refbulk/refbulk/pkg/sandbox"
	"github.com/refbulk/refbulk/pkg/sheet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// People of the account that most tests begin with. In campaign 1 Rita refers
// the others; Bo both refers and was invited.
const (
	rita  = 1 // refers
	leo   = 2 // a lead, pending, of Utrecht
	quin  = 3 // a lead, qualified
	boR   = 4 // refers
	boI   = 5 // the same person as a lead
	rita2 = 6 // Rita in campaign 2
)

func people() *sandbox.State {
	ask := []sandbox.Field{
		{ID: 1, Type: "input", Label: "First name", Required: true},
		{ID: 2, Type: "input", Label: "City"},
		{ID: 3, Type: "select", Label: "Size", Value: []any{"S", "M", "L"}},
	}
	user := func(id, campaign, referrer int64, name, kind string) sandbox.User {
		return sandbox.User{ID: id, CampaignID: campaign, ReferrerID: referrer, Type: kind, FirstName: name,
			Email: strings.ToLower(name) + "@example.com", Code: "code" + name + string(rune('0'+id)), SignedUpAt: "2025-03-01", Source: "Api"}
	}
	s := &sandbox.State{
		Campaigns: []sandbox.Campaign{
			{ID: 1, Name: "One", Status: "launched", Fields: sandbox.Fields{PersonReferring: ask, PersonInvited: slices.Clone(ask)}},
			{ID: 2, Name: "Two", Status: "launched"},
		},
		Users: []sandbox.User{
			user(rita, 1, 0, "Rita", Referring), user(leo, 1, rita, "Leo", Invited), user(quin, 1, rita, "Quin", Invited),
			user(boR, 1, 0, "Bo", Referring), user(boI, 1, rita, "Bo", Invited), user(rita2, 2, 0, "Rita", Referring),
		},
		NextUser: 101,
	}
	s.Users[leo-1].Meta = []sandbox.Meta{{Field: "City", Value: "Utrecht"}, {Field: "Size", Value: "S"}}
	s.Users[quin-1].QualifiedAt = "2025-04-01"
	return s
}

// world is an account at the simulator and an import of users into it.
type world struct {
	*testing.T
	server *sandbox.Server
	client *Client
	users  *Users
	before sandbox.Counts // when the rows were about to be sent
}

func newWorld(t *testing.T, so sandbox.Options, uo UserOptions) *world {
	t.Helper()
	if so.State == nil {
		so.State = people()
	}
	so.Limit = -1
	server := sandbox.New(so)
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if unhit := server.UnhitFaults(); len(unhit) > 0 {
			t.Errorf("faults that never hit: %v", unhit)
		}
	})
	return connect(t, server, "https://api.example.com"+sandbox.BasePath, server.Transport(), uo)
}

func connect(t *testing.T, server *sandbox.Server, base string, transport http.RoundTripper, uo UserOptions) *world {
	t.Helper()
	gate := pace.New(pace.Options{})
	t.Cleanup(func() { gate.Close() })
	client, err := NewClient(api.Config{BaseURL: base, Token: "secret", Gate: gate, Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	w := &world{T: t, server: server, client: client}
	if w.users, err = NewUsers(client, uo); err != nil {
		t.Fatal(err)
	}
	if err := w.users.Open(w.try); err != nil {
		t.Fatal(err)
	}
	w.before = server.Counts()
	return w
}

// try makes a call once.
func (w *world) try(op func(context.Context) error) error { return op(w.Context()) }

// rows reads a file as an import does.
func (w *world) rows(text string) []row.Intent {
	w.Helper()
	path := filepath.Join(w.TempDir(), "people.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.Fatal(err)
	}
	file, err := sheet.Open(path, sheet.Options{Known: KnownUserField})
	if err != nil {
		w.Fatal(err)
	}
	defer file.Close()
	if _, err := w.users.Match(file.Header()); err != nil {
		w.Fatal(err)
	}
	pass, err := file.Rows()
	if err != nil {
		w.Fatal(err)
	}
	intents, err := w.users.Intents(pass)
	if err != nil {
		w.Fatal(err)
	}
	defer intents.Close()
	var all []row.Intent
	for {
		in, err := intents.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			w.Fatal(err)
		}
		all = append(all, in)
	}
}

// ending is what became of a row.
type ending struct {
	row.Outcome
	Tentative map[string]string // what would undo it, as told before the write
	Undo      map[string]string // the same, afterwards
}

// send takes a valid row to its outcome in the way of the engine: after a lost
// answer it looks again, and after a failure that changed nothing it sends the
// same step again.
func (w *world) send(in row.Intent) ending { return w.resume(in, time.Time{}) }

// resume is send of a row whose write had left at a time, in an earlier run.
func (w *world) resume(in row.Intent, sent time.Time) (e ending) {
	w.Helper()
	if len(in.Problems) > 0 {
		return ending{Outcome: row.Outcome{Status: row.Invalid, Error: row.Explain(in.Problems)}}
	}
	for range 5 {
		step, err := w.users.Look(w.Context(), &in, sent)
		if err != nil {
			w.Fatalf("Look: %v", err)
		}
		if step.Send == nil {
			e.Outcome, e.Undo = step.Done, step.Undo(step.Done)
			return e
		}
		if e.Tentative == nil {
			e.Tentative = step.Undo(row.Outcome{})
		}
		left := time.Now()
		for {
			e.Outcome, err = step.Send(w.Context())
			if v := api.VerdictOf(err); v != api.Again && v != api.Wait {
				break
			}
		}
		switch api.VerdictOf(err) {
		case api.Unknown:
			sent = left
			continue
		case api.Refused:
			e.Outcome = row.Outcome{Status: row.Rejected, HTTPStatus: api.StatusOf(err), Error: err.Error()}
		default:
			if err != nil {
				w.Fatalf("Send: %v", err)
			}
		}
		e.Undo = step.Undo(e.Outcome)
		return e
	}
	w.Fatal("the row was sent five times and has no outcome")
	return e
}

// calls counts the reads and writes since the account was opened.
func (w *world) calls() (reads, writes int) {
	now := w.server.Counts()
	return now.Reads - w.before.Reads, now.Writes - w.before.Writes
}

// user is how the account holds a user now, the zero User for none.
func (w *world) user(id int64) sandbox.User {
	for _, u := range w.server.State().Users {
		if u.ID == id {
			return u
		}
	}
	return sandbox.User{}
}

// faults reads schedules in their text form.
func faults(t *testing.T, text string) []sandbox.Fault {
	t.Helper()
	all, err := sandbox.ParseFaults(text)
	if err != nil {
		t.Fatal(err)
	}
	return all
}
