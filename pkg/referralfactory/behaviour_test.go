package referralfactory

import (
	"net/http"
	"strings"
	"testing"

	"github.com/refbulk/refbulk/pkg/row"
	"github.com/refbulk/refbulk/pkg/sandbox"
)

// What a create is answered with when the person is there is contested among
// the vendor's texts. Without a look before, the answer alone tells.
func TestACreateToldByTheAnswerAlone(t *testing.T) {
	off := UserOptions{Lookup: LookupOff}
	same := sandbox.Behaviour{RepeatCreate: sandbox.RepeatReturnsSame}
	runAll(t, []scenario{
		{name: "new", options: off, file: "email,first_name/new@example.com,Nia", status: row.Created, id: "101", writes: 1},
		{name: "the same user comes back", options: off, behaviour: same,
			file: "email,first_name/rita@example.com,Rita", status: row.Exists, id: "1", writes: 1},
		{name: "the same user comes back as if created", options: off, behaviour: sandbox.Behaviour{RepeatCreate: sandbox.RepeatReturnsCreated},
			file: "email,first_name/rita@example.com,Rita", status: row.Exists, id: "1", writes: 1},
		{name: "422 names the address", options: off, behaviour: sandbox.Behaviour{RepeatCreate: sandbox.RepeatInvalid},
			file: "email,first_name/rita@example.com,Rita", status: row.Exists, id: "1", reads: 1, writes: 1},
		{name: "422 names nothing", options: off, behaviour: sandbox.Behaviour{RepeatCreate: sandbox.RepeatInvalid, PlainErrors: true},
			file: "email,first_name/rita@example.com,Rita", status: row.Exists, id: "1", reads: 1, writes: 1},
		{name: "409", options: off, behaviour: sandbox.Behaviour{RepeatCreate: sandbox.RepeatConflict},
			file: "email,first_name/rita@example.com,Rita", status: row.Exists, id: "1", reads: 1, writes: 1},
		{name: "the person in the other role", options: off, behaviour: sandbox.Behaviour{OneRolePerEmail: true},
			file: "email,first_name,referrer_id/rita@example.com,Rita,4", status: row.Exists, id: "1", says: "cannot give a referrer", writes: 1},
		{name: "a lead comes back to a create without referrer", options: off, behaviour: sandbox.Behaviour{OneRolePerEmail: true},
			file: "email,first_name/leo@example.com,Leo", status: row.Exists, id: "2", says: "as an invited person", writes: 1},
		{name: "fail", options: UserOptions{Lookup: LookupOff, OnExisting: Fail}, behaviour: same,
			file: "email,first_name/rita@example.com,Rita", status: row.Rejected, id: "1", says: "has this person already", writes: 1},
		{name: "update", options: UserOptions{Lookup: LookupOff, OnExisting: Update}, behaviour: same,
			file: "email,first_name/rita@example.com,Margarita", status: row.Updated, id: "1", says: "changed first_name", writes: 2},
		{name: "update after a 409", options: UserOptions{Lookup: LookupOff, OnExisting: Update}, behaviour: sandbox.Behaviour{RepeatCreate: sandbox.RepeatConflict},
			file: "email,first_name/rita@example.com,Margarita", status: row.Updated, id: "1", says: "changed first_name", reads: 1, writes: 2},
		{name: "a refused address is nobody's", options: off, behaviour: sandbox.Behaviour{PlainErrors: true},
			file: "email,first_name/nia@nomail.example.com,Nia", status: row.Rejected, says: "no MX records", reads: 1, writes: 1},
	})
}

func TestCampaignsAreLeftUnreadOnlyWhereNothingOfARowDependsOnThem(t *testing.T) {
	for _, test := range []struct {
		lookup    Lookup
		operation string
		headers   string
		want      bool
	}{
		{LookupOff, create, "email,first_name", false},
		{LookupOff, create, "E-mail,First Name,Referred By,campaign", false},
		{LookupOff, qualify, "id", false},
		{LookupOff, unqualify, "email", false},
		{LookupOff, create, "email,first_name,City", true},      // may be a campaign's field
		{LookupOff, create, "email,first_name,meta:City", true}, // is one
		{LookupOff, create, "email,first_name,operation", true}, // may delete, and say what was there
		{LookupOff, remove, "id", true},
		{LookupOff, update, "id,email", true},
		{LookupOff, upsert, "email,first_name", true},
		{LookupAuto, create, "email,first_name", true},
		{LookupEach, qualify, "id", true},
	} {
		u, err := NewUsers(nil, UserOptions{Lookup: test.lookup, Operation: test.operation})
		if err != nil {
			t.Fatal(err)
		}
		if got := u.ReadsFirst(strings.Split(test.headers, ",")); got != test.want {
			t.Errorf("--lookup %s --operation %s, columns %s: ReadsFirst() = %v, want %v", test.lookup, test.operation, test.headers, got, test.want)
		}
	}
}

// Each way in which the vendor may behave, and a row that would notice.
func TestEveryReadingOfTheVendorsDocumentsIsSurvived(t *testing.T) {
	update := UserOptions{Operation: update}
	runAll(t, []scenario{
		{name: "ids as strings", behaviour: sandbox.Behaviour{LooseTypes: true}, file: "email,first_name,referrer_id,qualified/new@example.com,Nia,1,yes",
			status: row.Created, id: "101", reads: 1, writes: 2},
		{name: "a create answered 200", behaviour: sandbox.Behaviour{CreateStatus: http.StatusOK}, file: "email,first_name/new@example.com,Nia",
			status: row.Created, id: "101", reads: 1, writes: 1},
		{name: "a create that also updates", options: UserOptions{Lookup: LookupOff}, behaviour: sandbox.Behaviour{RepeatUpdates: true},
			file: "email,first_name/rita@example.com,Margarita", status: row.Exists, id: "1", writes: 1},
		{name: "410 for the deleted", options: UserOptions{Operation: "delete", Lookup: LookupOff}, behaviour: sandbox.Behaviour{DeletedGone: true},
			file: "id/99", status: row.Absent, writes: 1},
		{name: "410 to a look", options: UserOptions{Operation: "qualify"}, behaviour: sandbox.Behaviour{DeletedGone: true},
			file: "id/99", status: row.Absent, reads: 1},
		{name: "a delete without a body", options: UserOptions{Operation: "delete"}, behaviour: sandbox.Behaviour{DeleteStatus: http.StatusNoContent},
			file: "id/2", status: row.Deleted, id: "2", reads: 1, writes: 1},
		{name: "unknown labels refused", options: update, behaviour: sandbox.Behaviour{RefuseUnknownMeta: true}, file: "id,City/2,Paris",
			status: row.Updated, id: "2", says: "changed meta:City", reads: 1, writes: 1},
		{name: "required fields asked for", behaviour: sandbox.Behaviour{RequireFields: true}, file: "email,first_name,meta:First name/new@example.com,Nia,Nia",
			status: row.Created, id: "101", reads: 1, writes: 1},
		{name: "one who refers may be qualified", options: UserOptions{Operation: "qualify"}, behaviour: sandbox.Behaviour{QualifyReferring: true},
			file: "email/rita@example.com", status: row.Absent, says: "not as a lead", reads: 1},
		{name: "a second qualification pays again", options: UserOptions{Operation: "qualify"}, behaviour: sandbox.Behaviour{RequalifyCounts: true},
			file: "email/quin@example.com", status: row.Unchanged, id: "3", reads: 1},
		{name: "a search that knows no pages", behaviour: sandbox.Behaviour{SearchIgnoresPaging: true}, file: "email,first_name/rita@example.com,Rita",
			status: row.Exists, id: "1", reads: 1},
	})
}

// Whether an update's campaign fields replace all there are or join them is
// not documented: the row's outcome and what is left must not depend on it.
func TestAnUpdateKeepsTheCampaignFieldsItDoesNotName(t *testing.T) {
	for _, replaces := range []bool{false, true} {
		w := newWorld(t, sandbox.Options{Behaviour: sandbox.Behaviour{MetaReplaces: replaces}}, UserOptions{Operation: update, Lookup: LookupEach})
		if got := w.send(w.rows("id,City\n2,Paris")[0]); got.Status != row.Updated {
			t.Errorf("MetaReplaces %v: status %v (%s)", replaces, got.Status, got.Error)
		}
		meta := map[string]any{}
		for _, m := range w.user(leo).Meta {
			meta[m.Field] = m.Value
		}
		if len(meta) != 2 || meta["City"] != "Paris" || meta["Size"] != "S" {
			t.Errorf("MetaReplaces %v: the user's fields are %v, want City Paris and Size S", replaces, meta)
		}
	}
}

// A value that is no text keeps its type when it is changed, and a spreadsheet
// that writes it in another way changes nothing.
func TestCampaignFieldsKeepTheirTypes(t *testing.T) {
	for _, test := range []struct {
		held    any
		cell    string
		changed bool
		after   string // as JSON
	}{
		{true, "TRUE", false, "true"}, {true, "yes", false, "true"}, {true, "no", true, "false"}, {true, "maybe", true, `"maybe"`},
		{1.5, "1.50", false, "1.5"}, {10, "11", true, "11"}, {10, "011", true, `"011"`}, {10, "ten", true, `"ten"`},
		{"00123", "00123", false, `"00123"`}, {"00123", "123", true, `"123"`},
		{" Utrecht ", "Utrecht", false, `" Utrecht "`}, {"a\r\nb", "\"a\nb\"", false, `"a\r\nb"`},
		{nil, "x", true, `"x"`}, {[]any{"a", 1}, "\"[\"\"a\"\",1]\"", false, `["a",1]`}, {[]any{"a"}, "[]", true, `[]`},
	} {
		state := people()
		state.Users[leo-1].Meta = []sandbox.Meta{{Field: "City", Value: test.held}}
		w := newWorld(t, sandbox.Options{State: state}, UserOptions{Operation: update, Lookup: LookupEach})
		got := w.send(w.rows("id,City\n2," + test.cell)[0])
		if want := map[bool]row.Status{true: row.Updated, false: row.Unchanged}[test.changed]; got.Status != want {
			t.Errorf("%v and a cell %q: %v (%s), want %v", test.held, test.cell, got.Status, got.Error, want)
		}
		if after := (MetaValue{Value: [1]any{w.user(leo).Meta[0].Value}}).Text(); after != "["+test.after+"]" {
			t.Errorf("%v and a cell %q: the API holds %s, want [%s]", test.held, test.cell, after, test.after)
		}
	}
}
