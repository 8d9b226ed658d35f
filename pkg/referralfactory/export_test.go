package referralfactory

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/refbulk/refbulk/pkg/engine"
	"github.com/refbulk/refbulk/pkg/export"
	"github.com/refbulk/refbulk/pkg/fields"
	"github.com/refbulk/refbulk/pkg/sandbox"
)

// exported reads a whole export, and gives its rows by column, and what was
// said on the way.
func (w *world) exported(resource string, o ExportOptions, try engine.Try) (rows []map[string]string, said string) {
	w.Helper()
	var log strings.Builder
	o.Log = slog.New(slog.NewTextHandler(&log, nil))
	source, err := w.client.Export(resource, o, try)
	if err != nil {
		w.Fatal(err)
	}
	var b bytes.Buffer
	out, err := export.NewWriter(&b, export.CSV, source.Columns())
	if err != nil {
		w.Fatal(err)
	}
	if _, err := export.Copy(out, source, nil); err != nil {
		w.Fatal(err)
	}
	records, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		w.Fatal(err)
	}
	for _, record := range records[1:] {
		m := map[string]string{}
		for i, name := range records[0] {
			m[name] = record[i]
		}
		rows = append(rows, m)
	}
	return rows, log.String()
}

// ids joins a column.
func ids(rows []map[string]string, column string) string {
	var all []string
	for _, r := range rows {
		all = append(all, r[column])
	}
	return strings.Join(all, " ")
}

func TestAnExportHoldsThoseThatAreAskedFor(t *testing.T) {
	yes, no := true, false
	day := func(s string) time.Time { d, _ := dayOf(s); return d }
	for _, test := range []struct {
		name    string
		options ExportOptions
		ids     string
	}{
		{"all", ExportOptions{}, "1 2 3 4 5 6"},
		{"one campaign", ExportOptions{Campaign: 2}, "6"},
		{"those who refer", ExportOptions{Role: Referring}, "1 4 6"},
		{"leads", ExportOptions{Role: Invited}, "2 3 5"},
		{"the qualified", ExportOptions{Qualified: &yes}, "3"},
		{"the others", ExportOptions{Qualified: &no, Campaign: 1}, "1 2 4 5"},
		{"since they signed up", ExportOptions{Since: day("2025-03-01")}, "1 2 3 4 5 6"},
		{"since one was qualified", ExportOptions{Since: day("2025-03-02")}, "3"},
		{"since nobody did anything", ExportOptions{Since: day("2025-04-02")}, ""},
	} {
		for _, behaviour := range []sandbox.Behaviour{{}, {LooseTypes: true, NewestFirst: true, LinksHost: "https://elsewhere.example.com"}} {
			w := newWorld(t, sandbox.Options{Behaviour: behaviour}, UserOptions{})
			rows, said := w.exported(UsersName, test.options, w.try)
			got := strings.Fields(ids(rows, "id"))
			slices.Sort(got)
			if strings.Join(got, " ") != test.ids || said != "" {
				t.Errorf("%s: ids %v, want %s; it said %s", test.name, got, test.ids, said)
			}
		}
	}
}

func TestAUserStandsInTheColumnsOfAnImport(t *testing.T) {
	state := people()
	state.Users[quin-1].Meta = []sandbox.Meta{{Field: "CITY", Value: "Ghent"}, {Field: "Size", Value: nil}, {Field: "Gone", Value: 1}}
	w := newWorld(t, sandbox.Options{State: state}, UserOptions{})
	rows, said := w.exported(UsersName, ExportOptions{Campaign: 1, Analytics: true}, w.try)
	quin, rita := rows[quin-1], rows[rita-1]
	for column, want := range map[string]string{
		"id": "3", "code": "codeQuin3", "email": "quin@example.com", "first_name": "Quin", "campaign_id": "1", "referrer_id": "1", "qualified": "yes",
		"type": Invited, "signed_up_at": "2025-03-01", "qualified_at": "2025-04-01", "meta:City": "Ghent", "meta:Size": "", "reach": "0", "referrals": "0",
	} {
		if quin[column] != want {
			t.Errorf("%s is %q, want %q", column, quin[column], want)
		}
	}
	if rita["referrals"] != "3" || rita["qualified_referrals"] != "1" || rita["qualified"] != "" || rita["referrer_id"] != "" {
		t.Errorf("who refers is exported as %v", rita)
	}
	if !strings.Contains(said, `1 of the users have a value for \"Gone\"`) {
		t.Errorf("of a value that has no column it said %q", said)
	}
	var headings []string
	for _, c := range append(slices.Clone(userColumns), analyticsColumns...) {
		headings = append(headings, c.Name)
	}
	columns, err := fields.Match(append(headings, "meta:City"), userFields, []string{"City", "Type", "Source", "Reach"}, nil)
	if err != nil || len(columns.Ignored()) > 0 {
		t.Errorf("an import ignores %q (%v): it should know its own columns", columns.Ignored(), err)
	}
	if got := fmt.Sprint(columns.Names); got != "[id code email first_name campaign_id referrer_id qualified          meta:City]" {
		t.Errorf("an import reads the columns as %s", got)
	}
}

// People who come and go while pages are read are neither doubled nor lost,
// and it is said.
func TestAnExportOfAnAccountThatMoves(t *testing.T) {
	for _, test := range []struct {
		name      string
		behaviour sandbox.Behaviour
		changes   []func(*sandbox.State) // before each call; the first reads the campaigns
		rows      int
		says      string
		missing   bool
	}{
		{"nobody moves, and the next page is said to be on another host", sandbox.Behaviour{LinksHost: "https://elsewhere.example.com"}, nil, 601, "", false},
		{"one goes, and moves another to a page that was read", sandbox.Behaviour{}, []func(*sandbox.State){nil, nil, goes(3)}, 601, "may be in the export: 3", false},
		{"one comes in front", sandbox.Behaviour{NewestFirst: true}, []func(*sandbox.State){nil, nil, comes("late@example.com")}, 602, "1 of the users came", false},
		{"they come and come", sandbox.Behaviour{NewestFirst: true},
			[]func(*sandbox.State){nil, nil, comes("a@example.com"), nil, nil, comes("b@example.com"), nil, nil, comes("c@example.com")}, 603, "one of them may be missing", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, sandbox.Options{State: crowd(600), Behaviour: test.behaviour}, UserOptions{})
			rows, said := w.exported(UsersName, ExportOptions{}, w.script(test.changes...))
			given := map[string]int{}
			for _, r := range rows {
				given[r["id"]]++
			}
			if len(rows) != test.rows || len(given) != test.rows {
				t.Errorf("%d rows of %d users, want %d", len(rows), len(given), test.rows)
			}
			for _, u := range w.server.State().Users {
				if given[fmt.Sprint(u.ID)] == 0 && !test.missing {
					t.Errorf("user %d is missing", u.ID)
				}
			}
			if !strings.Contains(said, test.says) || test.says == "" && said != "" {
				t.Errorf("it said %q, want %q", said, test.says)
			}
		})
	}
}

func TestCampaignsAreExportedWithWhatTheyAsk(t *testing.T) {
	w := newWorld(t, sandbox.Options{}, UserOptions{})
	for _, analytics := range []bool{false, true} {
		rows, _ := w.exported(CampaignsName, ExportOptions{Analytics: analytics}, w.try)
		if len(rows) != 2 || rows[0]["name"] != "One" || rows[0]["status"] != "launched" || rows[0]["fields_invited"] != "First name*; City; Size (S, M, L)" {
			t.Errorf("campaigns are exported as %v", rows)
		}
		if analytics != (rows[0]["referrals"] == "3" && rows[0]["qualified_referrals"] == "1" && rows[0]["users"] == "5") {
			t.Errorf("with analytics %v: %v", analytics, rows[0])
		}
	}
}

func TestRewardsAreExportedByState(t *testing.T) {
	for _, test := range []struct {
		options     ExportOptions
		column, ids string
	}{
		{ExportOptions{}, "id", "1 2 3"},
		{ExportOptions{State: Due, Metric: "coupon"}, "id", "3"},
		{ExportOptions{State: Due, Campaign: 1}, "id", "1 2"},
		{ExportOptions{State: Issued}, "id", "4"},
		{ExportOptions{State: Issued, Since: time.Date(2026, 1, 6, 0, 0, 0, 0, time.UTC)}, "id", ""},
		{ExportOptions{State: Promised}, "reward_id", "11 12"},
	} {
		w := newWorld(t, sandbox.Options{State: owing()}, UserOptions{})
		rows, _ := w.exported(RewardsName, test.options, w.try)
		if got := ids(rows, test.column); got != test.ids {
			t.Errorf("%+v: %q, want %q", test.options, got, test.ids)
		}
		if test.options.State == Promised && rows[0]["id"] != "" {
			t.Error("a promise is exported under id: an import would take it for a reward that is due")
		}
	}
	w := newWorld(t, sandbox.Options{State: owing()}, UserOptions{})
	rows, _ := w.exported(RewardsName, ExportOptions{}, w.try)
	for column, want := range map[string]string{"metric": "coupon", "state": Due, "campaign_id": "2", "reward_id": "12", "reward": "A coupon",
		"recipient_id": "1", "can_be_issued": "yes", "coupon": "CPN-1", "count": ""} {
		if rows[2][column] != want {
			t.Errorf("%s is %q, want %q", column, rows[2][column], want)
		}
	}
	if rows[0]["total"] != "10" || rows[1]["can_be_issued"] != "" {
		t.Errorf("amounts are exported as %v", rows[:2])
	}
	var headings []string
	for _, c := range rewardColumns {
		headings = append(headings, c.Name)
	}
	if columns, err := fields.Match(headings, rewardFields, nil, nil); err != nil || len(columns.Ignored()) > 0 || strings.Join(columns.Names, "") != "idmetric" {
		t.Errorf("an import reads the columns as %v, %v", columns.Names, err)
	}
}

func TestAnExportRefusesWhatItCannotFollow(t *testing.T) {
	yes := true
	w := newWorld(t, sandbox.Options{}, UserOptions{})
	for _, test := range []struct {
		resource string
		options  ExportOptions
		says     string
	}{
		{"people", ExportOptions{}, "users, campaigns, rewards"},
		{UsersName, ExportOptions{Campaign: 9}, `1 "One", 2 "Two"`},
		{UsersName, ExportOptions{Role: "lead"}, "person_invited"},
		{UsersName, ExportOptions{State: Due}, "are for rewards"},
		{RewardsName, ExportOptions{Qualified: &yes}, "are for users"},
		{RewardsName, ExportOptions{Metric: "gold"}, "amount, commission"},
		{RewardsName, ExportOptions{State: "paid"}, "due, issued or dashboard"},
		{RewardsName, ExportOptions{Since: time.Now()}, "--state issued"},
		{CampaignsName, ExportOptions{Campaign: 1}, "all campaigns"},
	} {
		if _, err := w.client.Export(test.resource, test.options, w.try); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("Export(%s, %+v): %v; want %q", test.resource, test.options, err, test.says)
		}
	}
}
