package referralfactory

import (
	"strings"
	"testing"

	"github.com/refbulk/refbulk/pkg/row"
	"github.com/refbulk/refbulk/pkg/sandbox"
)

// scenario is one row, sent into the account of people.
type scenario struct {
	name      string
	behaviour sandbox.Behaviour
	options   UserOptions // Campaign is 1 and Lookup is each where they do not say
	file      string      // a header and a row; a slash ends the header

	status        row.Status
	id            string // of the outcome
	says          string // a part of its error column; "" for an empty one
	reads, writes int
}

func (s scenario) run(t *testing.T) {
	t.Helper()
	if s.options.Campaign == 0 {
		s.options.Campaign = 1
	}
	if s.options.Lookup == "" {
		s.options.Lookup = LookupEach
	}
	w := newWorld(t, sandbox.Options{Behaviour: s.behaviour, RefusedDomains: []string{"nomail.example.com"}}, s.options)
	got := w.send(w.rows(strings.Replace(s.file, "/", "\n", 1))[0])
	if got.Status != s.status || got.ID != s.id {
		t.Errorf("status %v of id %q, want %v of %q; it says: %s", got.Status, got.ID, s.status, s.id, got.Error)
	}
	if s.says == "" && got.Error != "" || !strings.Contains(got.Error, s.says) {
		t.Errorf("the row says %q, want %q", got.Error, s.says)
	}
	if reads, writes := w.calls(); reads != s.reads || writes != s.writes {
		t.Errorf("%d reads and %d writes, want %d and %d", reads, writes, s.reads, s.writes)
	}
	if n := w.server.Counts().NotifyUnsaid; n > 0 {
		t.Errorf("%d creates did not say whether to notify", n)
	}
}

func runAll(t *testing.T, all []scenario) {
	t.Helper()
	for _, s := range all {
		t.Run(s.name, s.run)
	}
}

func TestCreateAddsWhoIsMissingAndKeepsWhoIsThere(t *testing.T) {
	updates := UserOptions{OnExisting: Update}
	fails := UserOptions{OnExisting: Fail}
	runAll(t, []scenario{
		{name: "nobody", file: "email,first_name/new@example.com,Nia",
			status: row.Created, id: "101", reads: 1, writes: 1},
		{name: "nobody, with a referrer", file: "email,first_name,referrer_email/new@example.com,Nia,rita@example.com",
			status: row.Created, id: "101", reads: 1, writes: 1},
		{name: "nobody, to be qualified too", file: "email,first_name,referrer_id,qualified/new@example.com,Nia,1,yes",
			status: row.Created, id: "101", reads: 1, writes: 2},
		{name: "there", file: "email,first_name/RITA@example.com,Other",
			status: row.Exists, id: "1", reads: 1},
		{name: "there, in another campaign alone", file: "email,first_name,campaign_id/leo@example.com,Leo,2",
			status: row.Created, id: "101", reads: 1, writes: 1},
		{name: "there as a lead", file: "email,first_name/leo@example.com,Leo",
			status: row.Exists, id: "2", says: "as an invited person", reads: 1},
		{name: "there as one who refers", file: "email,first_name,referrer_id/rita@example.com,Rita,4",
			status: row.Exists, id: "1", says: "cannot give a referrer", reads: 1},
		{name: "there by another referrer", file: "email,first_name,referrer_id/leo@example.com,Leo,4",
			status: row.Exists, id: "2", says: "id 1 referred this person, not 4", reads: 1},
		{name: "there in both roles", file: "email,first_name/bo@example.com,Bo",
			status: row.Exists, id: "4", says: "names id 4 (person referring) and id 5 (person invited)", reads: 1},
		{name: "there in both roles, the lead meant", file: "email,first_name,referrer_id/bo@example.com,Bo,1",
			status: row.Exists, id: "5", says: "names id 4", reads: 1},
		{name: "update who is there", options: updates, file: "email,first_name,City/leo@example.com,Leopold,Utrecht",
			status: row.Updated, id: "2", says: "changed first_name; is in the campaign as an invited person", reads: 1, writes: 1},
		{name: "update who is there as the row says", options: updates, file: "email,first_name/rita@example.com,Rita",
			status: row.Unchanged, id: "1", reads: 1},
		{name: "update the role that the row means", options: updates, file: "email,first_name,referrer_id/bo@example.com,Bob,1",
			status: row.Updated, id: "5", says: "changed first_name", reads: 1, writes: 1},
		{name: "fail on who is there", options: fails, file: "email,first_name/rita@example.com,Rita",
			status: row.Rejected, id: "1", says: "has this person already", reads: 1},
		{name: "a refused address", file: "email,first_name/nia@nomail.example.com,Nia",
			status: row.Rejected, says: "no MX records", reads: 2, writes: 1},
		{name: "a referrer who is nobody", file: "email,first_name,referrer_code/new@example.com,Nia,nobody",
			status: row.Rejected, says: "referrer is nobody in this campaign", reads: 1, writes: 1},
	})
}

func TestUpdateSendsOnlyWhatDiffers(t *testing.T) {
	update := UserOptions{Operation: update}
	runAll(t, []scenario{
		{name: "a name", options: update, file: "email,first_name/leo@example.com,Leopold",
			status: row.Updated, id: "2", says: "changed first_name", reads: 1, writes: 1},
		{name: "a campaign field", options: update, file: "id,first_name,City/2,Leo,Paris",
			status: row.Updated, id: "2", says: "changed meta:City", reads: 1, writes: 1},
		{name: "everything", options: update, file: "id,first_name,email,City,qualified/2,L,l@example.com,Paris,yes",
			status: row.Updated, id: "2", says: "changed first_name, email, meta:City, qualified", reads: 1, writes: 2},
		{name: "the qualification alone", options: update, file: "id,qualified/2,yes",
			status: row.Updated, id: "2", says: "changed qualified", reads: 1, writes: 1},
		{name: "nothing", options: update, file: "id,first_name,email,City,qualified/2,Leo,LEO@Example.com,Utrecht,no",
			status: row.Unchanged, id: "2", reads: 1},
		{name: "empty cells change nothing", options: update, file: "id,first_name,City/2,Leo,",
			status: row.Unchanged, id: "2", reads: 1},
		{name: "by code", options: update, file: "code,first_name/codeLeo2,Leopold",
			status: row.Updated, id: "2", says: "changed first_name", reads: 1, writes: 1},
		{name: "nobody", options: update, file: "email,first_name/new@example.com,Nia",
			status: row.Absent, says: "nobody of this e-mail address", reads: 1},
		{name: "nobody of an id", options: update, file: "id,first_name/99,Nia",
			status: row.Absent, says: "nobody of this id", reads: 1},
		{name: "one of two is not guessed", options: update, file: "email,first_name/bo@example.com,Bob",
			status: row.Invalid, says: "say which, in a column id", reads: 1},
		{name: "an id beside another's code", options: update, file: "id,code,first_name/2,codeRita1,Rita",
			status: row.Invalid, says: "one of them is wrong", reads: 1},
		{name: "an id beside another campaign", options: update, file: "id,campaign_id,first_name/2,2,Leo",
			status: row.Invalid, says: "id 2 is in campaign 1, and the row says 2", reads: 1},
		{name: "a label that the user's campaign lacks", options: update, file: "id,City/6,Paris",
			status: row.Invalid, says: "campaign 2 does not have", reads: 1},
		{name: "qualifying one who refers", options: update, file: "id,qualified/1,yes",
			status: row.Invalid, says: "only somebody who was invited", reads: 1},
		{name: "without a look, by id", options: UserOptions{Operation: "update", Lookup: LookupOff}, file: "id,first_name/2,Leopold",
			status: row.Updated, id: "2", says: "set first_name", writes: 1},
		{name: "without a look, campaign fields are looked at all the same", options: UserOptions{Operation: "update", Lookup: LookupOff}, file: "id,City/2,Paris",
			status: row.Updated, id: "2", says: "changed meta:City", reads: 1, writes: 1},
	})
}

func TestUpsertCreatesOrUpdates(t *testing.T) {
	upsert := UserOptions{Operation: upsert}
	runAll(t, []scenario{
		{name: "nobody", options: upsert, file: "email,first_name/new@example.com,Nia",
			status: row.Created, id: "101", reads: 1, writes: 1},
		{name: "there and different", options: upsert, file: "email,first_name/rita@example.com,Margarita",
			status: row.Updated, id: "1", says: "changed first_name", reads: 1, writes: 1},
		{name: "there and alike", options: upsert, file: "email,first_name,City,Size/leo@example.com,Leo,Utrecht,S",
			status: row.Unchanged, id: "2", reads: 1},
		{name: "a lead's qualification", options: upsert, file: "email,first_name,qualified/leo@example.com,Leo,yes",
			status: row.Updated, id: "2", says: "changed qualified", reads: 1, writes: 1},
		{name: "another referrer", options: upsert, file: "email,first_name,referrer_id/leo@example.com,Leo,4",
			status: row.Unchanged, id: "2", says: "id 1 referred this person, not 4", reads: 1},
		{name: "an id that is gone is not created anew", options: upsert, file: "id,email,first_name/99,new@example.com,Nia",
			status: row.Absent, says: "nobody of this id", reads: 2},
		{name: "both roles", options: upsert, file: "email,first_name/bo@example.com,Bob",
			status: row.Invalid, says: "say which", reads: 1},
		{name: "there, and the row has no name", options: upsert, file: "email,first_name,City,Size/leo@example.com,,Paris,S",
			status: row.Updated, id: "2", says: "changed meta:City", reads: 1, writes: 1},
		{name: "there, and the row says nothing", options: upsert, file: "email,first_name/leo@example.com,",
			status: row.Unchanged, id: "2", reads: 1},
		{name: "nobody, and the row has no name", options: upsert, file: "email,First Name/new@example.com,",
			status: row.Invalid, says: `column "First Name": is empty; a person cannot be created without a first name`, reads: 1},
		{name: "nobody, to be qualified without a referrer", options: upsert, file: "email,first_name,qualified/new@example.com,Nia,yes",
			status: row.Invalid, says: "only somebody who was referred", reads: 1},
	})
}

func TestQualifyTakesAWholeCustomerList(t *testing.T) {
	qualify, unqualify := UserOptions{Operation: qualify}, UserOptions{Operation: unqualify}
	off := UserOptions{Operation: "qualify", Lookup: LookupOff}
	runAll(t, []scenario{
		{name: "pending", options: qualify, file: "email/leo@example.com", status: row.Qualified, id: "2", reads: 1, writes: 1},
		{name: "by code", options: qualify, file: "code/codeLeo2", status: row.Qualified, id: "2", reads: 1, writes: 1},
		{name: "qualified already", options: qualify, file: "email/quin@example.com", status: row.Unchanged, id: "3", reads: 1},
		{name: "nobody", options: qualify, file: "email/new@example.com", status: row.Absent, reads: 1},
		{name: "one who refers", options: qualify, file: "email/rita@example.com", status: row.Absent, says: "not as a lead", reads: 1},
		{name: "of two roles the lead", options: qualify, file: "email/bo@example.com", status: row.Qualified, id: "5", reads: 1, writes: 1},
		{name: "an id beside another's address", options: qualify, file: "id,email/2,quin@example.com",
			status: row.Invalid, says: "id 2 is leo@example.com, and the row says quin@example.com", reads: 1},
		{name: "back to pending", options: unqualify, file: "email/quin@example.com", status: row.Unqualified, id: "3", reads: 1, writes: 1},
		{name: "pending already", options: unqualify, file: "email/leo@example.com", status: row.Unchanged, id: "2", reads: 1},
		{name: "without a look", options: off, file: "email/leo@example.com", status: row.Qualified, writes: 1},
		{name: "without a look, nobody", options: off, file: "email/new@example.com", status: row.Absent, writes: 1},
		{name: "without a look, nobody, said by 422", options: off, behaviour: sandbox.Behaviour{QualifyUnknownInvalid: true},
			file: "email/new@example.com", status: row.Absent, reads: 1, writes: 1},
		{name: "without a look, one who refers", options: off, file: "id/1", status: row.Absent, says: "not as a lead", reads: 1, writes: 1},
	})
}

func TestDeleteRemovesOnlyWhoIsMeant(t *testing.T) {
	remove := UserOptions{Operation: remove}
	runAll(t, []scenario{
		{name: "by address", options: remove, file: "email/leo@example.com", status: row.Deleted, id: "2", reads: 1, writes: 1},
		{name: "by id", options: remove, file: "id/2", status: row.Deleted, id: "2", reads: 1, writes: 1},
		{name: "nobody", options: remove, file: "email/new@example.com", status: row.Absent, reads: 1},
		{name: "both roles", options: remove, file: "email/bo@example.com", status: row.Invalid, says: "say which", reads: 1},
		{name: "an id beside another's address", options: remove, file: "id,email/2,quin@example.com", status: row.Invalid, says: "one of them is wrong", reads: 1},
		{name: "without a look", options: UserOptions{Operation: "delete", Lookup: LookupOff}, file: "id/2", status: row.Deleted, id: "2", writes: 1},
		{name: "without a look, nobody", options: UserOptions{Operation: "delete", Lookup: LookupOff}, file: "id/99", status: row.Absent, writes: 1},
	})
}

// The id of another system beside the right address: that nobody is done
// anything for would not be noticed.
func TestAnIDOfNobodyBesideTheAddressOfSomebodyIsToldAsAMistake(t *testing.T) {
	const says = "id 99 names nobody, but leo@example.com is in the campaign as id 2: one of them is wrong; " +
		"to go by the e-mail address, take the column out with --map 'Id=-'"
	for _, operation := range []string{update, upsert, qualify, unqualify, remove} {
		o := UserOptions{Operation: operation}
		runAll(t, []scenario{
			{name: operation, options: o, file: "Id,email,first_name/99,leo@example.com,Leopold", status: row.Invalid, says: says, reads: 2},
			{name: operation + " by code", options: o, file: "code,email,first_name/MMXX,leo@example.com,Leopold", status: row.Invalid,
				says: "code MMXX names nobody, but leo@example.com is in the campaign as id 2", reads: 2},
			{name: operation + " of two", options: o, file: "id,email,first_name/99,bo@example.com,Bo", status: row.Invalid,
				says: "is in the campaign as id 4 (person referring) and id 5 (person invited): one", reads: 2},
			{name: operation + " in another campaign", options: o, file: "id,email,first_name,campaign_id/99,leo@example.com,Leo,2", status: row.Absent,
				says: map[bool]string{true: "nobody of this id is there to update"}[operation == update || operation == upsert], reads: 2},
		})
		w := newWorld(t, sandbox.Options{}, UserOptions{Operation: operation, Campaign: 1, Lookup: LookupList})
		if err := w.users.Prepare(1, w.try); err != nil {
			t.Fatal(err)
		}
		if got := w.send(w.rows("Id,email,first_name\n99,leo@example.com,Leopold")[0]); got.Status != row.Invalid || got.Error != says {
			t.Errorf("%s of a listed account: %v (%s), want invalid (%s)", operation, got.Status, got.Error, says)
		}
		if reads, writes := w.calls(); reads != 1 || writes != 0 {
			t.Errorf("%s of a listed account: %d reads and %d writes, want 1 and none", operation, reads, writes)
		}
	}
}

// Of a person in both roles, the row of the one that it has deleted itself is
// no mistake: the other has the same address.
func TestARowThatMayHaveDeletedWhomItNamesIsNoMistake(t *testing.T) {
	w := newWorld(t, sandbox.Options{Faults: faults(t, "DELETE /users/5 times=1 lose-answer")}, UserOptions{Operation: remove, Campaign: 1, Lookup: LookupEach})
	if got := w.send(w.rows("id,email\n5,bo@example.com")[0]); got.Status != row.Deleted {
		t.Errorf("status %v (%s), want deleted", got.Status, got.Error)
	}
}
