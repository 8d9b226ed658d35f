package referralfactory

import (
	"strings"
	"testing"
	"time"

	"github.com/refbulk/refbulk/pkg/row"
	"github.com/refbulk/refbulk/pkg/sandbox"
)

// Where everybody was listed, a row is not sent for which the referrer is
// missing, however they are named. To who is there already it does not matter.
func TestARowWaitsForAReferrerWhoIsNotListed(t *testing.T) {
	const lacks = "is not in campaign 1, and no row of the file that could be sent creates them; mend the address, or add a row for them"
	for _, test := range []struct {
		file   string
		upsert bool
		status row.Status
		says   string
		writes int
	}{
		{"referrer_email/new@example.com,Nia,RITA@example.com", false, row.Created, "", 1},
		{"referrer_email/new@example.com,Nia,leo@example.com", false, row.Created, "", 1}, // a lead may refer
		{"referrer_email/new@example.com,Nia,nobody@example.com", false, row.Blocked, "the referrer nobody@example.com " + lacks, 0},
		{"referrer_email/new@example.com,Nia,nobody@example.com", true, row.Blocked, "the referrer nobody@example.com " + lacks, 0},
		{"referrer_email/quin@example.com,Quin,nobody@example.com", false, row.Exists, "id 1 referred this person", 0},
		{"referrer_email/quin@example.com,Quin,nobody@example.com", true, row.Unchanged, "id 1 referred this person", 0},
		{"referrer_code/new@example.com,Nia,codeRita1", false, row.Created, "", 1},
		{"referrer_code/new@example.com,Nia,codeNobody", false, row.Blocked, `nobody in campaign 1 has the code "codeNobody" of the referrer; mend the code`, 0},
		{"referrer_code/new@example.com,Nia,codeRita6", false, row.Blocked, `has the code "codeRita6"`, 0}, // in campaign 2
		{"referrer_id/new@example.com,Nia,1", false, row.Created, "", 1},
		{"referrer_id/new@example.com,Nia,99", false, row.Blocked, `has the id "99"`, 0},
		{"referrer_id/new@example.com,Nia,6", false, row.Blocked, `has the id "6"`, 0}, // in campaign 2
	} {
		o := UserOptions{Campaign: 1, Lookup: LookupList}
		if test.upsert {
			o.Operation = upsert
		}
		w := newWorld(t, sandbox.Options{}, o)
		if err := w.users.Prepare(1, w.try); err != nil {
			t.Fatal(err)
		}
		got := w.send(w.rows("email,first_name," + strings.Replace(test.file, "/", "\n", 1))[0])
		if got.Status != test.status || test.says == "" && got.Error != "" || !strings.Contains(got.Error, test.says) || got.Undo != nil && test.writes == 0 {
			t.Errorf("%q: %v (%s), undone by %v; want %v: %s", test.file, got.Status, got.Error, got.Undo, test.status, test.says)
		}
		if reads, writes := w.calls(); reads != 1 || writes != test.writes {
			t.Errorf("%q: %d reads and %d writes, want 1 and %d", test.file, reads, writes, test.writes)
		}
	}
}

// A referrer whom a row of this run has made is there, whatever the listing
// says of their address.
func TestARowDoesNotWaitForAReferrerWhomThisRunMade(t *testing.T) {
	w := newWorld(t, sandbox.Options{}, UserOptions{Campaign: 1, Lookup: LookupList})
	if err := w.users.Prepare(2, w.try); err != nil {
		t.Fatal(err)
	}
	rows := w.rows("email,first_name,referrer_email\nnew@example.com,Nia,\nlead@example.com,Lea,new@example.com")
	arrived := rows[1]
	arrived.Arrived = true
	if step, err := w.users.Look(w.Context(), &arrived, time.Time{}); err != nil || step.Send == nil || step.Done.Status != row.Created {
		t.Errorf("a plan takes the lead for %v (%v), want one to create", step.Done, err)
	}
	rows[0].Awaited = true
	for i := range rows {
		if got := w.send(rows[i]); got.Status != row.Created {
			t.Errorf("row %d: %v (%s), want created", i+1, got.Status, got.Error)
		}
	}
}

// A row that was sent, and was not applied, is not sent again either.
func TestALostRowWaitsForItsReferrerToo(t *testing.T) {
	w := newWorld(t, sandbox.Options{}, UserOptions{Campaign: 1, Lookup: LookupList})
	if err := w.users.Prepare(2, w.try); err != nil {
		t.Fatal(err)
	}
	rows := w.rows("email,first_name,referrer_email\nnew@example.com,Nia,nobody@example.com\nleo@example.com,Leo,nobody@example.com")
	for i, want := range []row.Status{row.Blocked, row.Exists} {
		if got := w.resume(rows[i], time.Now()); got.Status != want {
			t.Errorf("row %d: %v (%s), want %v", i+1, got.Status, got.Error, want)
		}
	}
	if reads, writes := w.calls(); reads != 3 || writes != 0 {
		t.Errorf("%d reads and %d writes, want 3 and none", reads, writes)
	}
}

// Where a listing would cost more than the rows, a refusal for the want of a
// referrer is told from others by asking whether they are there, when the API
// names nothing else. Who asked for no listing is not asked for more calls.
func TestWhatTheAPIRefusesForTheWantOfAReferrerIsBlocked(t *testing.T) {
	const file = "email,first_name,referrer_email/"
	const nobody = file + "new@example.com,Nia,nobody@example.com"
	auto := UserOptions{Lookup: LookupAuto}
	runAll(t, []scenario{
		{name: "nobody", options: auto, file: nobody, status: row.Blocked, says: "the referrer nobody@example.com is not in campaign 1", reads: 2, writes: 1},
		{name: "nobody, and no field is named", options: auto, behaviour: sandbox.Behaviour{PlainErrors: true}, file: nobody,
			status: row.Blocked, says: "the referrer nobody@example.com is not in campaign 1", reads: 3, writes: 1},
		{name: "somebody of another campaign", options: auto, file: "email,first_name,referrer_id/new@example.com,Nia,6",
			status: row.Blocked, says: `has the id "6" of the referrer`, reads: 2, writes: 1},
		{name: "the address is refused too", options: auto, file: file + "nia@nomail.example.com,Nia,nobody@example.com",
			status: row.Rejected, says: "no MX records", reads: 2, writes: 1},
		{name: "there, and no field is named", options: auto, behaviour: sandbox.Behaviour{PlainErrors: true},
			file: file + "nia@nomail.example.com,Nia,rita@example.com", status: row.Rejected, says: "no MX records", reads: 3, writes: 1},
		{name: "each", options: UserOptions{Lookup: LookupEach}, file: nobody, status: row.Rejected, says: "is nobody in this campaign", reads: 1, writes: 1},
		{name: "off", options: UserOptions{Lookup: LookupOff}, file: nobody, status: row.Rejected, says: "is nobody in this campaign", writes: 1},
	})
}

// A listing that is out of date does not send a row for nothing: who is not
// there any more is known from then on.
func TestAReferrerWhoWentAfterTheListingIsForgotten(t *testing.T) {
	w := newWorld(t, sandbox.Options{}, UserOptions{Campaign: 1, Lookup: LookupList})
	if err := w.users.Prepare(2, w.try); err != nil {
		t.Fatal(err)
	}
	state := w.server.State()
	goes(leo)(&state)
	if err := w.server.SetState(state); err != nil {
		t.Fatal(err)
	}
	for _, in := range w.rows("email,first_name,referrer_email\na@example.com,Ann,leo@example.com\nb@example.com,Ben,leo@example.com") {
		if got := w.send(in); got.Status != row.Blocked {
			t.Errorf("row %d: %v (%s), want blocked", in.Row, got.Status, got.Error)
		}
	}
	if reads, writes := w.calls(); reads != 2 || writes != 1 {
		t.Errorf("%d reads and %d writes, want 2 and 1", reads, writes)
	}
}
