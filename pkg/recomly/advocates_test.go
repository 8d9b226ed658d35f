package recomly_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/recomly"
	"github.com/refbulk/refbulk/pkg/sandbox"
)

var inviting = recomly.Options{Campaign: "1", Notify: true}

// crowd is an account whose campaign 1 has Ida, by e-mail and phone, and
// campaign 2 is empty.
func crowd() *sandbox.State {
	s := sandbox.Example()
	s.Recomly.Campaigns = append(s.Recomly.Campaigns, sandbox.RecomlyCampaign{
		ID: "9c41-west", Name: "West", RewardMode: "percent", AdvocateReward: 500, FriendReward: 250,
	})
	s.Recomly.Advocates[0].Phone = "+13125550142"
	return &s
}

func TestInvitationsMeetWhoIsThereByEmailOrPhone(t *testing.T) {
	const text = `campaignId,name,email,phone
,Ida,IDA@example.com,
,Ida,other@example.com,(312) 555-0142
,Ida,ida@example.com,+1 212 555 0100
9c41-west,Ida,ida@example.com,312-555-0142
,New,new@example.com,
,New,new@Example.com,
,Phone,,1-212-555-0101
`
	for name, behaviour := range map[string]sandbox.RecomlyBehaviour{
		"whole lists": {}, "pages": {PageSize: 1}, "older lists": {OldAdvocates: true}, "nulls": {NullFields: true}, "200": {CreateStatus: 200},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, sandbox.Options{State: crowd(), Behaviour: sandbox.Behaviour{Recomly: behaviour}})
			lines := r.mustRun("advocates", inviting, text)
			r.wantStatuses(lines, "exists exists exists invited invited duplicate invited")
			if n := r.counts(); n.Invites != 3 || n.Repeated.InviteCalls != 0 {
				t.Errorf("counts = %+v, want 3 invited and nobody asked for twice", n)
			}
			if lines[0]["id"] != "2" || lines[0]["code"] == "" || lines[4]["id"] == "" || lines[4]["code"] == "" {
				t.Errorf("ids and codes are missing: %v, %v", lines[0], lines[4])
			}
			if lines[0]["error"] != "" || !strings.Contains(lines[1]["error"], "known by the phone number alone") {
				t.Errorf("who was met by phone is told %q, who by e-mail %q; want only the first told", lines[1]["error"], lines[0]["error"])
			}
			if phone := r.state().Advocates[3].Phone + r.state().Advocates[2].Phone + r.state().Advocates[1].Phone; !strings.Contains(phone, "+12125550101") {
				t.Errorf("phones %q lack the normalised one", phone)
			}
			r.wantStatuses(r.mustRun("advocates", inviting, text), "exists exists exists invited invited duplicate invited")
			if n := r.counts().Invites; n != 3 {
				t.Errorf("%d invited after a rerun, want 3", n)
			}
		})
	}
}

func TestInvitingNeedsConsent(t *testing.T) {
	r := newRig(t, sandbox.Options{})
	_, err := r.run("advocates", recomly.Options{Campaign: "1"}, "name,email\nA,a@example.com\nB,b@example.com\n")
	if err == nil || !strings.Contains(err.Error(), "invite 2 people") || !strings.Contains(err.Error(), "--notify") {
		t.Errorf("err = %v, want the number of people and --notify", err)
	}
	r.wantStatuses(r.mustRun("advocates", recomly.Options{Campaign: "1", Operation: "update"}, "name,email\nIda Maria,ida@example.com\n"), "updated")
	if n := r.counts().Invites; n != 0 {
		t.Errorf("%d invited", n)
	}
}

func TestARefusedInvitationIsJudgedByTheList(t *testing.T) {
	for _, repeat := range []sandbox.RepeatInvite{sandbox.InviteConflict, sandbox.InviteInvalid, sandbox.InviteUnprocessed} {
		r := newRig(t, sandbox.Options{State: crowd(), Behaviour: sandbox.Behaviour{Recomly: sandbox.RecomlyBehaviour{RepeatInvite: repeat}}})
		o := inviting
		o.Lookup = recomly.LookupOff
		lines := r.mustRun("advocates", o, "name,email\nIda,ida@example.com\nNew,new@example.com\n")
		r.wantStatuses(lines, "exists invited")
		if lines[0]["id"] != "2" {
			t.Errorf("found %v, want advocate 2", lines[0])
		}
	}
	r := newRig(t, sandbox.Options{Faults: []sandbox.Fault{fault(t, "POST /campaigns/*/invite status=409")}})
	lines := r.mustRun("advocates", inviting, "name,email\nNew,new@example.com\n")
	r.wantStatuses(lines, "rejected") // the list does not show the person
}

func TestAnInvitationThatBringsBackAnOlderRecordExists(t *testing.T) {
	r := newRig(t, sandbox.Options{Behaviour: sandbox.Behaviour{Recomly: sandbox.RecomlyBehaviour{RepeatInvite: sandbox.InviteReturnsOld}}})
	o := inviting
	o.Lookup = recomly.LookupOff
	r.wantStatuses(r.mustRun("advocates", o, "name,email\nIda,ida@example.com\n"), "exists")
}

func TestAnInvitationIsSentOnceAlsoWhenItsPreferenceHasToWait(t *testing.T) {
	for _, effect := range []string{"status=429", "reset-before"} {
		for _, repeat := range []sandbox.RepeatInvite{sandbox.InviteConflict, sandbox.InviteMakesAnother, sandbox.InviteReturnsOld} {
			r := newRig(t, sandbox.Options{
				Behaviour: sandbox.Behaviour{Recomly: sandbox.RecomlyBehaviour{RepeatInvite: repeat}},
				Faults:    []sandbox.Fault{fault(t, "PATCH /campaigns/*/advocates/* times=1 "+effect)},
			})
			lines := r.mustRun("advocates", inviting, "name,email,phone,notificationPreference\nP,p@example.com,+1 212 555 0100,sms\n")
			r.wantStatuses(lines, "invited")
			if n := r.counts(); n.Invites != 1 || n.Repeated.InviteCalls != 0 {
				t.Errorf("%s: counts = %+v, want one invitation, and nobody asked for twice", effect, n)
			}
			if p := r.state().Advocates[1].Preference; p != "sms" {
				t.Errorf("%s: the preference is %s, want sms", effect, p)
			}
		}
	}
}

func TestARefusedInvitationIsNotSentAgainWhenTheListHasToWait(t *testing.T) {
	for _, effect := range []string{"status=429", "status=500", "reset-before"} {
		r := newRig(t, sandbox.Options{Faults: []sandbox.Fault{fault(t, "GET /campaigns/*/advocates times=1 "+effect)}})
		o := inviting
		o.Lookup = recomly.LookupOff
		r.wantStatuses(r.mustRun("advocates", o, "name,email\nIda,ida@example.com\n"), "exists")
		if n := r.counts().Repeated.InviteCalls; n != 1 {
			t.Errorf("%s: %d invitations of somebody who is there, want 1", effect, n)
		}
	}
}

func TestWhoWasThereBeforeALostInvitationIsNotTakenForInvited(t *testing.T) {
	const text = "name,email,phone,notificationPreference\nIda Moss,ida@example.com,312-555-0142,sms\n"
	for existing, want := range map[recomly.OnExisting]string{recomly.Keep: "exists", recomly.Fail: "rejected", recomly.Update: "updated"} {
		r := newRig(t, sandbox.Options{State: crowd(), Faults: []sandbox.Fault{fault(t, "POST /campaigns/*/invite times=1 reset-before")}})
		o := inviting
		o.Lookup, o.OnExisting = recomly.LookupOff, existing
		r.wantStatuses(r.mustRun("advocates", o, text), want)
		if a := r.state().Advocates[0]; existing != recomly.Update && a.Preference != "both" {
			t.Errorf("%s: the preference was changed to %s", existing, a.Preference)
		}
		if undo := r.read("advocates.undo.csv"); existing != recomly.Update && len(undo) != 0 {
			t.Errorf("%s: undo = %v, want nothing to take back", existing, undo)
		}
	}
}

func TestInvitingSurvivesLostAnswers(t *testing.T) {
	var text strings.Builder
	text.WriteString("name,email,phone,notificationPreference\n")
	for i := range 20 {
		fmt.Fprintf(&text, "P%d,p%d@example.com,+1 212 555 01%02d,%s\n", i, i, i, []string{"", "sms"}[i%2])
	}
	for _, effect := range lostAnswers {
		for _, repeat := range []sandbox.RepeatInvite{sandbox.InviteConflict, sandbox.InviteMakesAnother} {
			r := newRig(t, sandbox.Options{
				Behaviour: sandbox.Behaviour{Recomly: sandbox.RecomlyBehaviour{RepeatInvite: repeat}},
				Faults: []sandbox.Fault{
					fault(t, "POST /campaigns/*/invite every=7 times=2 "+effect),
					fault(t, "PATCH /campaigns/*/advocates/* every=5 times=1 "+effect),
				},
			})
			r.workers = 8
			lines := r.mustRun("advocates", inviting, text.String())
			r.wantStatuses(lines, strings.TrimSpace(strings.Repeat("invited ", 20)))
			if n := r.counts(); n.Invites != 20 || n.Repeated.Invites != 0 || n.Repeated.InviteCalls != 0 {
				t.Errorf("%s: counts = %+v, want 20 invitations, none twice", effect, n)
			}
			for _, a := range r.state().Advocates[1:] {
				var i int
				_, _ = fmt.Sscanf(a.Name, "P%d", &i)
				if want := []string{"both", "sms"}[i%2]; a.Preference != want {
					t.Errorf("%s: %s has the preference %s, want %s", effect, a.Name, a.Preference, want)
				}
			}
		}
	}
}

func TestAdvocatesAreUpdated(t *testing.T) {
	r := newRig(t, sandbox.Options{State: crowd()})
	lines := r.mustRun("advocates", recomly.Options{Operation: "update", Campaign: "1"}, `advocateId,name,email,phone,notificationPreference
2,Ida Maria Moss,,,sms
2,,ida.moss@example.com,+1 212 555 0100,
2,Ida Maria Moss,,,
nobody-1,X,,,
,Y,nobody@example.com,,
`)
	r.wantStatuses(lines, "updated updated unchanged absent absent")
	a := r.state().Advocates[0]
	if a.Name != "Ida Maria Moss" || a.Email != "ida.moss@example.com" || a.Phone != "+12125550100" || a.Preference != "sms" {
		t.Errorf("the advocate is %+v", a)
	}
	undo := r.read("advocates.undo.csv")
	if len(undo) != 2 || undo[0]["email"] != "ida@example.com" || strings.TrimPrefix(undo[0]["phone"], "'") != "+13125550142" || undo[1]["name"] != "Ida Moss" || undo[1]["notificationPreference"] != "both" {
		t.Errorf("undo = %v, want the former values", undo)
	}
}

func TestTheUndoFileTellsOfEveryFieldThatWasEmpty(t *testing.T) {
	state := sandbox.Example()
	state.Recomly.Advocates[0].Name = ""
	r := newRig(t, sandbox.Options{State: &state})
	r.wantStatuses(r.mustRun("advocates", recomly.Options{Operation: "update", Campaign: "1"},
		"advocateId,name,email,phone\n2,Ida Maria,,+1 212 555 0100\n2,,new@example.com,+1 212 555 0101\n"), "updated updated")
	undo := r.read("advocates.undo.csv")
	if len(undo) != 2 || undo[0]["operation"] != "update" || undo[0]["note"] != "" {
		t.Fatalf("undo = %v, want the latest change first, which can be taken back", undo)
	}
	if u := undo[1]; u["operation"] != "skip" || !strings.Contains(u["note"], "no name and no phone before") {
		t.Errorf("undo = %v, want nothing but a note on both fields", u)
	}
}

func TestAPreferenceNeedsItsContact(t *testing.T) {
	r := newRig(t, sandbox.Options{})
	lines := r.mustRun("advocates", inviting, `operation,name,email,phone,notificationPreference
create,A,a@example.com,,sms
create,B,,2125550100,email
create,C,c@example.com,,both
update,,ida@example.com,,sms
update,,ida@example.com,2125550101,sms
`)
	r.wantStatuses(lines, "invalid invalid invalid invalid blocked")
}

func TestAFullPlanEndsTheRun(t *testing.T) {
	for _, behaviour := range []sandbox.RecomlyBehaviour{{}, {OldAdvocates: true}, {QuotaStatus: 402}, {QuotaStatus: 403}} {
		state := sandbox.Example()
		state.Recomly.Org.Quotas = sandbox.RecomlyQuota{Campaigns: 5, Advocates: 3}
		r := newRig(t, sandbox.Options{State: &state, Behaviour: sandbox.Behaviour{Recomly: behaviour}})
		r.workers = 1
		lines, err := r.run("advocates", inviting, "name,email\nA,a@example.com\nB,b@example.com\nC,c@example.com\nD,d@example.com\n")
		if api.VerdictOf(err) != api.Stop {
			t.Fatalf("err = %v, want a reason to stop", err)
		}
		if len(lines) < 3 || lines[2]["status"] != "failed" || lines[0]["status"] != "invited" || len(lines) > 3 && lines[3]["status"] != "" {
			t.Errorf("lines = %v, want two invited, one failed, the last not tried", lines)
		}
		if log := r.log.String(); !strings.Contains(log, "the plan allows 3 advocates; 1 are there, and this run would add up to 4") {
			t.Errorf("the log does not warn before the start:\n%s", log)
		}
	}
}

func TestDeletingAdvocatesIsNotOffered(t *testing.T) {
	r := newRig(t, sandbox.Options{})
	lines := r.mustRun("advocates", inviting, "operation,name,email\ndelete,Ida,ida@example.com\n")
	r.wantStatuses(lines, "invalid")
	if !strings.Contains(lines[0]["error"], "destroys the referrals") {
		t.Errorf("error = %q", lines[0]["error"])
	}
}

func TestAWrongKeyAndARefusedOneEndTheRun(t *testing.T) {
	for name, behaviour := range map[string]sandbox.RecomlyBehaviour{"no API": {NoAPI: true}, "a mere user": {ReadOnlyKey: true}} {
		r := newRig(t, sandbox.Options{Behaviour: sandbox.Behaviour{Recomly: behaviour}})
		_, err := r.run("advocates", inviting, "name,email\nA,a@example.com\n")
		if api.VerdictOf(err) != api.Stop {
			t.Fatalf("%s: err = %v, want a reason to stop", name, err)
		}
		for _, cause := range []string{"plan has no API access", "plan lacks the feature", "an Admin", "/account"} {
			if !strings.Contains(err.Error(), cause) {
				t.Errorf("%s: %q does not say %q", name, err, cause)
			}
		}
	}
}

func TestRowsOfOnePersonRunInFileOrder(t *testing.T) {
	r := newRig(t, sandbox.Options{})
	const text = `operation,name,email,phone,delta
create,New,new@example.com,,
update,,new@example.com,212-555-0100,
credit,,new@example.com,,$5
credit,,NEW@example.com,,$6
`
	for range 2 {
		r.wantStatuses(r.mustRun("advocates", inviting, text), "invited updated credited credited")
	}
	if a := r.state().Advocates[1]; a.Phone != "+12125550100" || a.Balance != 1100 {
		t.Errorf("the advocate is %+v", a)
	}
}

func TestAFileThatSaysWhatToDoMayNameAdvocatesByIDAlone(t *testing.T) {
	r := newRig(t, sandbox.Options{})
	lines := r.mustRun("advocates", inviting, "operation,advocateId,name,delta\ncredit,2,,$5.00\nupdate,2,Ida Maria,\nskip,2,,\ncreate,2,Ida,\n")
	r.wantStatuses(lines, "credited updated skipped invalid")
	if !strings.Contains(lines[3]["error"], "nobody can be invited without an e-mail address") {
		t.Errorf("error = %q", lines[3]["error"])
	}
	if a := r.state().Advocates[0]; a.Name != "Ida Maria" || a.Balance != 500 {
		t.Errorf("the advocate is %+v", a)
	}
}

func TestNoKeyIsTouched(t *testing.T) {
	r := newRig(t, sandbox.Options{})
	r.mustRun("advocates", inviting, "name,email\nA,a@example.com\n")
	for route := range r.server.Counts().ByRoute {
		if strings.Contains(route, "api-keys") {
			t.Errorf("%s was called", route)
		}
	}
}
