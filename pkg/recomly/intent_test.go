package recomly

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/refbulk/refbulk/pkg/fields"
	"github.com/refbulk/refbulk/pkg/row"
	"github.com/refbulk/refbulk/pkg/sheet"
)

// opened is a resource that knows the campaigns fixed, share and gone.
func opened(t *testing.T, name string, o Options) Resource {
	t.Helper()
	r, err := New(name, nil, o)
	if err != nil {
		t.Fatal(err)
	}
	known := newCampaigns()
	for _, c := range []Campaign{
		{ID: "fixed", Name: "Fixed", Status: Active, RewardMode: Fixed, AdvocateReward: 2500},
		{ID: "share", Name: "Share", Status: Paused, RewardMode: Percent},
		{ID: "gone", Name: "Gone", Status: Deleted, RewardMode: Fixed},
	} {
		known.put(&c)
	}
	known.known = known.byID
	switch r := r.(type) {
	case *Campaigns:
		r.campaigns = known
	case *Advocates:
		r.campaigns = known
	case *Referrals:
		r.campaigns = known
	}
	return r
}

// intentsOf reads the text of a CSV.
func intentsOf(t *testing.T, name string, o Options, text string) []row.Intent {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rows.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := sheet.Open(path, sheet.Options{Known: fields.Known(Fields(name), nil)})
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r := opened(t, name, o)
	if _, err := r.Match(file.Header()); err != nil {
		t.Fatal(err)
	}
	rows, err := file.Rows()
	if err != nil {
		t.Fatal(err)
	}
	intents, err := r.Intents(rows)
	if err != nil {
		t.Fatal(err)
	}
	defer intents.Close()
	var all []row.Intent
	for {
		in, err := intents.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, in)
	}
}

func TestRowsBecomeIntents(t *testing.T) {
	tests := []struct {
		resource, header, cells string
		o                       Options
		want                    row.Intent
	}{
		{CampaignsName, "name,rewardMode,advocateRewardValue,friendRewardValue", `" Gutter  Club",Fixed,$25.00,1500`, Options{},
			row.Intent{Operation: create, Target: "name:gutter club", Kind: "existence", Would: row.Created, Meets: row.Exists, Makes: true, Once: true}},
		{CampaignsName, "operation,campaignId,status", "update,fixed,paused", Options{},
			row.Intent{Operation: update, Target: "campaign:fixed", Kind: "content", Would: row.Updated, MustExist: true, Once: true}},
		{CampaignsName, "operation,target,status", "delete,campaign:fixed,created", Options{},
			row.Intent{Operation: remove, Target: "campaign:fixed", Kind: "existence", Would: row.Deleted, Asks: true, Once: true}},
		{AdvocatesName, "name,email,phone", "Ida Moss,Ida@Example.com,312-555-0142", Options{Campaign: "fixed"},
			row.Intent{Operation: create, Target: "email:ida@example.com campaign:fixed", Kind: "existence", Would: row.Invited, Meets: row.Exists, Makes: true, Notifies: 1, Once: true}},
		{AdvocatesName, "first name,last name,mobile,operation", "Ida,Moss,312-555-0142,invite", Options{Campaign: "fixed"},
			row.Intent{Operation: create, Target: "phone:+13125550142 campaign:fixed", Kind: "existence", Would: row.Invited, Meets: row.Exists, Makes: true, Notifies: 1, Once: true}},
		{AdvocatesName, "campaignId,advocateId,email", "share,a1,new@example.com", Options{Operation: update, Campaign: "fixed"},
			row.Intent{Operation: update, Target: "advocate:a1 campaign:share", Kind: "content", Would: row.Updated, MustExist: true, Once: true}},
		{AdvocatesName, "target,delta", "advocate:a1 campaign:share,-$5.00", Options{Operation: credit},
			row.Intent{Operation: credit, Target: "advocate:a1 campaign:share", Kind: "credit", Would: row.Credited, MustExist: true, Once: true, Marked: true}},
		{AdvocatesName, "operation,name,email", "skip,,", Options{Campaign: "fixed"},
			row.Intent{Operation: skip, Kind: "content", Would: row.Skipped, Skip: true, Once: true}},
		{ReferralsName, "campaignId,friendEmail,jobValueCents", "share,Per@example.com,$820.00", Options{Operation: "convert"},
			row.Intent{Operation: qualify, Target: "friend:per@example.com campaign:share", Kind: "qualification", Would: row.Converted, Meets: row.Unchanged, Notifies: 2, Once: true}},
		{ReferralsName, "referralId,friendEmail", "r1,per@example.com", Options{Operation: qualify, Campaign: "fixed"},
			row.Intent{Operation: qualify, Target: "referral:r1 campaign:fixed", Kind: "qualification", Would: row.Converted, Meets: row.Unchanged, Notifies: 2, Once: true}},
	}
	for _, tt := range tests {
		got := intentsOf(t, tt.resource, tt.o, tt.header+"\n"+tt.cells+"\n")
		if len(got) != 1 {
			t.Fatalf("%s: %d intents", tt.cells, len(got))
		}
		tt.want.Position = row.Position{Row: 1, Line: 2}
		if diff := cmp.Diff(tt.want, got[0], cmpopts.IgnoreFields(row.Intent{}, "Payload", "Content", "Own")); diff != "" {
			t.Errorf("%s %q (-want +got):\n%s", tt.resource, tt.cells, diff)
		}
		if own := got[0].Own != 0; own != (tt.want.Operation == credit || tt.resource == CampaignsName && tt.want.Operation == create) {
			t.Errorf("%s %q is known by something of its own: %v", tt.resource, tt.cells, own)
		}
	}
}

func TestEachEditIsAnotherContent(t *testing.T) {
	rows := intentsOf(t, CampaignsName, Options{}, `name,rewardMode,advocateRewardValue,friendRewardValue,status,expiresAt,maxReferralsPerAdvocate
A,fixed,2500,1500,,,
A,fixed,$25.00,1500,,,
A,fixed,2501,1500,,,
A,fixed,2500,1501,,,
A,percent,2500,1500,,,
A,fixed,2500,1500,paused,,
A,fixed,2500,1500,,2026-12-31,
A,fixed,2500,1500,,never,
A,fixed,2500,1500,,,7
A,fixed,2500,oops,,,
A,fixed,2500,ooops,,,
`)
	seen := map[row.Fingerprint]int{}
	for i, in := range rows {
		before, there := seen[in.Content]
		if there != (i == 1) {
			t.Errorf("row %d has the content of row %d: %v", in.Row, before, there)
		}
		seen[in.Content] = in.Row
	}
}

func TestReadingsTellWhatAmountsWereTakenFor(t *testing.T) {
	rows := intentsOf(t, CampaignsName, Options{}, "name,rewardMode,advocateRewardValue,friendRewardValue,expiresAt\nA,fixed,$25.00,25,12/31/2026\nB,percent,5 %,50,\n")
	want := [][]string{
		{`advocateRewardValue "$25.00" is 2500 cents ($25.00)`, `friendRewardValue "25" is 25 cents ($0.25)`, `expiresAt "12/31/2026" is 2026-12-31T23:59:59.000Z`},
		{`advocateRewardValue "5 %" is 500 basis points (5 %)`, `friendRewardValue "50" is 50 basis points (0.5 %)`},
	}
	for i := range rows {
		if got := Readings(&rows[i]); !slices.Equal(got, want[i]) {
			t.Errorf("Readings(row %d) = %q, want %q", i+1, got, want[i])
		}
	}
}

func TestMatchNamesAllThatIsMissing(t *testing.T) {
	tests := []struct {
		resource, header string
		o                Options
		want             []string
	}{
		{CampaignsName, "name,status", Options{}, []string{"rewardMode", "advocateRewardValue", "friendRewardValue"}},
		{CampaignsName, "name", Options{Operation: update}, []string{"campaignId"}},
		{AdvocatesName, "city", Options{}, []string{"email, phone or advocateId", "--campaign", "(name)"}},
		{AdvocatesName, "advocateId,name", Options{Campaign: "fixed"}, []string{"email, phone"}}, // an invitation names nobody by id
		{AdvocatesName, "operation,name", Options{Campaign: "fixed"}, []string{"email, phone or advocateId"}},
		{AdvocatesName, "email", Options{Operation: credit, Campaign: "fixed"}, []string{"delta"}},
		{ReferralsName, "city", Options{Operation: qualify}, []string{"referralId or friendEmail", "--campaign"}},
	}
	for _, tt := range tests {
		_, err := opened(t, tt.resource, tt.o).Match(strings.Split(tt.header, ","))
		for _, want := range tt.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s %q: err = %v, want %q named", tt.resource, tt.header, err, want)
			}
		}
	}
}

func TestOptionsThatMeanNothingAreRefused(t *testing.T) {
	for _, o := range []Options{{Operation: "issue"}, {Lookup: "twice"}, {OnExisting: "merge"}} {
		for _, name := range ResourceNames {
			if _, err := New(name, nil, o); err == nil || !strings.Contains(err.Error(), "use ") {
				t.Errorf("New(%q, %+v) = %v, want an error that says what there is", name, o, err)
			}
		}
	}
	if _, err := New("users", nil, Options{}); err == nil || !strings.Contains(err.Error(), "campaigns, advocates, referrals") {
		t.Errorf("New(users) = %v, want the resources named", err)
	}
}

// A results file is input as it stands: its ids name what was made, and its
// status is not the campaign's.
func TestAResultsFileIsInput(t *testing.T) {
	const header = "row,line,operation,target,status,id,code,url,http_status,attempts,error,finished_at,row_key,row_hash\n"
	got := intentsOf(t, CampaignsName, Options{}, header+"1,2,delete,name:a,created,fixed,,,201,1,,,0,0\n")
	if len(got) != 1 || got[0].Target != "campaign:fixed" || len(got[0].Problems) != 0 {
		t.Errorf("campaigns: %+v", got)
	}
	got = intentsOf(t, AdvocatesName, Options{Operation: credit}, "row,target,status,id,delta\n1,email:a@example.com campaign:fixed,invited,a1,500\n")
	if len(got) != 1 || got[0].Target != "advocate:a1 campaign:fixed" || len(got[0].Problems) != 0 {
		t.Errorf("advocates: %+v", got)
	}
}

// Names that a row can mean somebody by follow a change.
func TestARosterForgetsFormerNames(t *testing.T) {
	r := newRoster(true)
	by := func(email, phone string) *Advocate {
		return r.find(&person{operation: create, email: email, phone: phone})
	}
	r.listed(&Advocate{ID: "a", Email: "Old@example.com", Phone: "+13125550142", Name: "A"}, r.sofar())
	if got := by("old@example.com", ""); got == nil || got.Name != "A" {
		t.Fatalf("by the address: %+v", got)
	}
	before := r.sofar()
	r.wrote(&Advocate{ID: "a", Email: "new@example.com", Phone: "+13125550142", Name: "B"})
	r.listed(&Advocate{ID: "a", Email: "old@example.com", Name: "A"}, before) // a list that was begun before the write
	if by("old@example.com", "") != nil || by("new@example.com", "") == nil || by("x@example.com", "+1 312 555 0142").Name != "B" {
		t.Error("the roster still knows the former address, or not the new one")
	}
	if _, err := take(cancelled(), make(chan struct{})); err == nil {
		t.Error("a turn was given to a context that had ended")
	}
}

func cancelled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// What has been paid is known by the key and the content that stand in results
// files: those that were written before must go on to say the same.
func TestACreditIsKnownByWhatResultsFilesHave(t *testing.T) {
	for _, p := range []person{
		{operation: "credit", campaign: "1", id: "2", email: "ida@example.com", delta: 2500, note: "May"},
		{operation: "credit", campaign: "1", id: "2", delta: 2500, note: "May"},
	} {
		if got, want := p.content(""), row.FingerprintOf("credit", "advocate:2 campaign:1", "", "2500", "May", ""); got != want {
			t.Errorf("by id: content = %v, want %v", got, want)
		}
	}
	p := person{operation: "credit", campaign: "1", email: "ida@example.com", delta: 2500, note: "May"}
	if got, want := p.content(""), row.FingerprintOf("credit", "email:ida@example.com campaign:1", "", "2500", "May", "ida@example.com"); got != want {
		t.Errorf("by address: content = %v, want %v", got, want)
	}
}
