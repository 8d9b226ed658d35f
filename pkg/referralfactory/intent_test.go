package referralfactory

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/refbulk/refbulk/pkg/fields"
	"github.com/refbulk/refbulk/pkg/row"
	"github.com/refbulk/refbulk/pkg/sandbox"
)

// What a row asks for, as the engine sees it.
func TestARowsCellsSayWhoIsMeantAndWhatIsWanted(t *testing.T) {
	w := newWorld(t, sandbox.Options{}, UserOptions{Campaign: 1})
	for _, test := range []struct {
		file string
		want row.Intent // of it: Operation, Target, Kind, WaitsFor and the flags
	}{
		{"email,first_name/Jane@Example.com,Jane",
			row.Intent{Operation: create, Target: "email:jane@example.com campaign:1", Kind: "existence", Would: row.Created, Meets: row.Exists, Makes: true}},
		{"E-Mail,Name,Referred By,notify/jane@example.com,Jane Doe,<Joe@Example.com>,yes",
			row.Intent{Operation: create, Target: "email:jane@example.com campaign:1", Kind: "existence", Would: row.Created, Meets: row.Exists, Makes: true,
				Notifies: 1, WaitsFor: "email:joe@example.com campaign:1"}},
		{"id,email,first_name,campaign_id/17,jane@example.com,Jane,2",
			row.Intent{Operation: create, Target: "email:jane@example.com campaign:2", Kind: "existence", Would: row.Created, Meets: row.Exists, Makes: true}},
		{"operation,id,email,first_name/upsert,17,jane@example.com,Jane",
			row.Intent{Operation: upsert, Target: "id:17", Kind: "existence", Would: row.Updated, MustExist: true}},
		{"operation,email,first_name,qualified/Upsert,jane@example.com,Jane,no",
			row.Intent{Operation: upsert, Target: "email:jane@example.com campaign:1", Kind: "existence", Would: row.Created, Meets: row.Updated, Makes: true, Asks: true}},
		{"operation,code,first_name/update,ueON,Jane",
			row.Intent{Operation: update, Target: "code:ueON", Kind: "content", Would: row.Updated, MustExist: true}},
		{"operation,email/qualify,jane@example.com",
			row.Intent{Operation: qualify, Target: "email:jane@example.com campaign:1", Kind: "qualification", Would: row.Qualified}},
		{"operation,email,qualified/qualify,jane@example.com,no",
			row.Intent{Operation: skip, Target: "email:jane@example.com campaign:1", Kind: "content", Would: row.Skipped, Skip: true}},
		{"operation,email/unqualify,jane@example.com",
			row.Intent{Operation: unqualify, Target: "email:jane@example.com campaign:1", Kind: "qualification", Would: row.Unqualified, Asks: true, MustExist: true}},
		{"operation,target/delete,id:17",
			row.Intent{Operation: remove, Target: "id:17", Kind: "existence", Would: row.Deleted, Asks: true}},
		{"operation,target/qualify,email:jane@example.com campaign:2",
			row.Intent{Operation: qualify, Target: "email:jane@example.com campaign:2", Kind: "qualification", Would: row.Qualified}},
		{"operation,target,first_name,id/create,email:jane@example.com campaign:1,Jane,17",
			row.Intent{Operation: create, Target: "email:jane@example.com campaign:1", Kind: "existence", Would: row.Created, Meets: row.Exists, Makes: true}},
		{"operation,email,notify,qualified,id/delete,jane@example.com,what?,what?,",
			row.Intent{Operation: remove, Target: "email:jane@example.com campaign:1", Kind: "existence", Would: row.Deleted, Asks: true}},
	} {
		in := w.rows(strings.Replace(test.file, "/", "\n", 1))[0]
		if len(in.Problems) > 0 {
			t.Errorf("%q: %s", test.file, row.Explain(in.Problems))
		}
		got := row.Intent{Operation: in.Operation, Target: in.Target, WaitsFor: in.WaitsFor, Kind: in.Kind, Would: in.Would, Meets: in.Meets, Makes: in.Makes,
			Asks: in.Asks, Notifies: in.Notifies, Skip: in.Skip, MustExist: in.MustExist}
		if !sameIntent(got, test.want) {
			t.Errorf("%q: got %+v, want %+v", test.file, got, test.want)
		}
		if !in.Once {
			t.Errorf("%q may be sent again without a look", test.file)
		}
	}
}

func sameIntent(a, b row.Intent) bool {
	return a.Operation == b.Operation && a.Target == b.Target && a.WaitsFor == b.WaitsFor && a.Kind == b.Kind && a.Would == b.Would &&
		a.Meets == b.Meets && a.Makes == b.Makes && a.Asks == b.Asks && a.Notifies == b.Notifies && a.Skip == b.Skip && a.MustExist == b.MustExist
}

// A row that cannot be used says why, each thing once, and who it is about as
// far as that can be read.
func TestAProblemIsToldOnceAndBesideWhomItConcerns(t *testing.T) {
	for _, test := range []struct {
		file     string
		options  UserOptions
		target   string
		problems []string // parts of them, in order
	}{
		{"email,first_name/jane@,Jane", UserOptions{Campaign: 1}, "", []string{`"jane@" is not an e-mail address`}},
		{"email,first_name/,Jane", UserOptions{Campaign: 1}, "", []string{`"email": is empty; a person cannot be created`}},
		{"email,first_name/jane@example.com,", UserOptions{Campaign: 1}, "email:jane@example.com campaign:1", []string{`"first_name": is empty`}},
		{"email,Full name/jane@example.com,Mr & Mrs Smith", UserOptions{Campaign: 1}, "email:jane@example.com campaign:1",
			[]string{`"Full name": "Mr & Mrs Smith" does not tell a first name; write it into a column first_name`}},
		{"email,Full name/jane@example.com,NULL", UserOptions{Campaign: 1}, "email:jane@example.com campaign:1", []string{`"first_name": is empty; a person cannot be created`}},
		{"email,Full name,first_name/jane@example.com,👩 & 👨,Jane", UserOptions{Campaign: 1}, "email:jane@example.com campaign:1", nil},
		{"email,first_name,campaign_id/jane@example.com,Jane,one", UserOptions{Campaign: 1}, "email:jane@example.com", []string{`"campaign_id": "one" is not an id`}},
		{"email,first_name,campaign_id/jane@example.com,Jane,", UserOptions{}, "email:jane@example.com", []string{`"campaign_id": is empty`}},
		{"email,first_name,campaign_id/jane@example.com,Jane,9", UserOptions{}, "email:jane@example.com campaign:9", []string{`is no campaign of this account; there are 1 "One", 2 "Two"`}},
		{"email,first_name,qualified/jane@example.com,Jane,perhaps", UserOptions{Campaign: 1}, "email:jane@example.com campaign:1", []string{"neither yes nor no"}},
		{"email,first_name,qualified/jane@example.com,Jane,yes", UserOptions{Campaign: 1}, "email:jane@example.com campaign:1", []string{"nobody referred the person"}},
		{"email,first_name,qualified/jane@example.com,Jane,yes", UserOptions{Campaign: 1, OnExisting: Update}, "email:jane@example.com campaign:1", nil},
		{"email,first_name,referrer_email/jane@example.com,Jane,Jane@Example.com", UserOptions{Campaign: 1}, "email:jane@example.com campaign:1", []string{"nobody can refer themselves"}},
		{"email,first_name,referrer_email/jane@example.com,Jane,joe", UserOptions{Campaign: 1}, "email:jane@example.com campaign:1", []string{`"referrer_email": "joe" is not an e-mail address`}},
		{"email,first_name,referrer_id,referrer_code/jane@example.com,Jane,1,ueON", UserOptions{Campaign: 1}, "email:jane@example.com campaign:1", []string{"both say who referred"}},
		{"email,first_name,Size/jane@example.com,Jane,XL", UserOptions{Campaign: 1}, "email:jane@example.com campaign:1", []string{`"Size": "XL" is not a choice of this field; choose one of S, M, L`}},
		{"email,first_name,meta:Colour/jane@example.com,Jane,red", UserOptions{Campaign: 1}, "email:jane@example.com campaign:1", []string{"names a field that campaign 1 does not have"}},
		{"email,first_name,meta:Colour/jane@example.com,Jane,", UserOptions{Campaign: 1}, "email:jane@example.com campaign:1", nil},
		{"email,first_name,City/jane@example.com,Jane,#REF!", UserOptions{Campaign: 1}, "email:jane@example.com campaign:1", []string{`"City": "#REF!" is an error of the spreadsheet`}},
		{"operation,email/praise,jane@example.com", UserOptions{Campaign: 1}, "email:jane@example.com campaign:1", []string{`"praise" is not an operation of users; use one of create, update`}},
		{"operation,id,email,first_name/update,x,jane@example.com,Jane", UserOptions{Campaign: 1}, "email:jane@example.com campaign:1", []string{`"id": "x" is not an id`}},
		{"operation,id,email/update,,", UserOptions{Campaign: 1}, "", []string{"say who is meant by email, id or code", "every other column"}},
		{"operation,id,first_name/update,17,", UserOptions{Campaign: 1}, "id:17", []string{"every other column that could change something"}},
		{"operation,target/qualify,Jane", UserOptions{Campaign: 1}, "", []string{"does not say who is meant"}},
		{"email,first_name,referrer_id/jane@,,x", UserOptions{Campaign: 1}, "", []string{"is not an e-mail address", "is not an id", `"first_name": is empty`}},
	} {
		w := newWorld(t, sandbox.Options{}, test.options)
		in := w.rows(strings.Replace(test.file, "/", "\n", 1))[0]
		if in.Target != test.target {
			t.Errorf("%q: target %q, want %q", test.file, in.Target, test.target)
		}
		if len(in.Problems) != len(test.problems) {
			t.Errorf("%q: %d problems, want %d: %s", test.file, len(in.Problems), len(test.problems), row.Explain(in.Problems))
			continue
		}
		for i, part := range test.problems {
			if got := in.Problems[i].String(); !strings.Contains(got, part) {
				t.Errorf("%q: problem %d is %s, want %s", test.file, i+1, got, part)
			}
		}
	}
}

func TestARequiredFieldOfTheRoleIsAskedFor(t *testing.T) {
	state := people()
	state.Campaigns[0].Fields.PersonInvited[1].Required = true // City, of those who are invited
	w := newWorld(t, sandbox.Options{State: state}, UserOptions{Campaign: 1})
	for file, problems := range map[string]int{
		"email,first_name,referrer_id,City\njane@example.com,Jane,1,":      1,
		"email,first_name,referrer_id,City\njane@example.com,Jane,1,Paris": 0,
		"email,first_name,City\njane@example.com,Jane,":                    0,
	} {
		if in := w.rows(file)[0]; len(in.Problems) != problems {
			t.Errorf("%q: %d problems, want %d: %s", file, len(in.Problems), problems, row.Explain(in.Problems))
		}
	}
}

// The fingerprint of a row's content decides whether a rerun sends it again.
func TestWhatCountsAsAnEdit(t *testing.T) {
	const header = "operation,email,first_name,campaign_id,referrer_email,qualified,notify,City,Size,promotion\n"
	const jane = "upsert,jane@example.com,Jane,1,joe@example.com,yes,no,Paris,S,no"
	for _, test := range []struct {
		row  string
		edit bool
	}{
		{"upsert, Jane@Example.COM ,Jane,1.0,joe@example.com,TRUE,no,Paris,S,no", false}, // written otherwise
		{"upsert,jane@example.com,Jane,1,joe@example.com,yes,yes,Paris,S,no", false},     // whether to write to her
		{"upsert,jane@example.com,Jane,,joe@example.com,yes,no,Paris,S,no", false},       // the campaign that --campaign names
		{"upsert,jane@example.com,Joan,1,joe@example.com,yes,no,Paris,S,no", true},
		{"upsert,jane@example.com,Jane,2,joe@example.com,yes,no,,,no", true},
		{"upsert,jane@example.com,Jane,1,jim@example.com,yes,no,Paris,S,no", true},
		{"upsert,jane@example.com,Jane,1,,yes,no,Paris,S,no", true},
		{"upsert,jane@example.com,Jane,1,joe@example.com,,no,Paris,S,no", true},
		{"upsert,jane@example.com,Jane,1,joe@example.com,yes,no,paris,S,no", true},
		{"upsert,jane@example.com,Jane,1,joe@example.com,yes,no,,S,no", true},
		{"upsert,jane@example.com,Jane,1,joe@example.com,yes,no,S,Paris,no", true},
		{"upsert,jane@example.com,Jane,1,joe@example.com,yes,no,Paris,S,yes", true},
		{"create,jane@example.com,Jane,1,joe@example.com,yes,no,Paris,S,no", true},
		{"upsert,jane@example.com,Jane,1,joe@,yes,no,Paris,S,no", true}, // an edit that broke a cell
	} {
		w := newWorld(t, sandbox.Options{}, UserOptions{Campaign: 1})
		both := w.rows(header + jane + "\n" + test.row)
		if edit := both[0].Content != both[1].Content; edit != test.edit {
			t.Errorf("%s\n  is an edit: %v, want %v", test.row, edit, test.edit)
		}
	}
	w := newWorld(t, sandbox.Options{}, UserOptions{Campaign: 1})
	both := w.rows("operation,email,first_name\nqualify,jane@example.com,Jane\nqualify,jane@example.com,Joan")
	if both[0].Content != both[1].Content {
		t.Error("to qualify somebody under another first name is an edit; a name is no part of that")
	}
}

// A file that cannot work is refused before anything is sent, all missing
// columns at once.
func TestAFileThatLacksColumnsIsRefused(t *testing.T) {
	for _, test := range []struct {
		header  string
		options UserOptions
		says    []string // nil for a file that can be used
	}{
		{"phone", UserOptions{}, []string{"(email)", "(first_name)", "--campaign"}},
		{"email,name", UserOptions{Campaign: 1}, nil},
		{"email,first_name", UserOptions{}, []string{"--campaign"}},
		{"email", UserOptions{Operation: upsert, Campaign: 1}, []string{"(first_name)"}},
		{"id,email", UserOptions{Operation: upsert, Campaign: 1}, nil},
		{"phone", UserOptions{Operation: qualify, Campaign: 1}, []string{"email, id or code"}},
		{"email", UserOptions{Operation: qualify}, []string{"--campaign"}},
		{"code", UserOptions{Operation: qualify}, nil},
		{"target", UserOptions{Operation: remove}, nil},
		{"email,first_name", UserOptions{Campaign: 9}, []string{`--campaign 9 is no campaign of this account; there are 1 "One", 2 "Two"`}},
		{"email,Ort", UserOptions{Campaign: 1}, []string{"first_name"}},
		{"email,Courriel,first_name", UserOptions{Campaign: 1}, []string{`columns "email" and "Courriel" both fill email`}},
	} {
		w := newWorld(t, sandbox.Options{}, test.options)
		_, err := w.users.Match(strings.Split(test.header, ","))
		if (err == nil) != (test.says == nil) {
			t.Errorf("Match(%q) = %v", test.header, err)
			continue
		}
		for _, part := range test.says {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("Match(%q) = %v, want it to name %s", test.header, err, part)
			}
		}
	}
}

// What the API makes of people in a campaign that does not run is not
// documented: it is said, once, before anything is sent.
func TestACampaignThatDoesNotRunIsWarnedOf(t *testing.T) {
	for want, change := range map[string]func(*sandbox.Campaign){
		"":                    func(*sandbox.Campaign) {},
		"is paused":           func(c *sandbox.Campaign) { c.Status = "paused" },
		"ended on 2025-12-31": func(c *sandbox.Campaign) { c.EndsAt = "2025-12-31" },
		"begins on 2999-01-01": func(c *sandbox.Campaign) {
			c.StartsAt = "2999-01-01"
		},
	} {
		state := people()
		change(&state.Campaigns[0])
		var log bytes.Buffer
		w := newWorld(t, sandbox.Options{State: state}, UserOptions{Campaign: 1, Log: slog.New(slog.NewTextHandler(&log, nil))})
		w.rows("email,first_name\njane@example.com,Jane\njoe@example.com,Joe")
		if got := strings.Count(log.String(), "campaign 1"); want == "" && got != 0 || want != "" && (got != 1 || !strings.Contains(log.String(), want)) {
			t.Errorf("the log says %q, want %q once", log.String(), want)
		}
	}
}

func TestOptionsThatAreNoneAreRefused(t *testing.T) {
	for _, o := range []UserOptions{{Operation: "praise"}, {Lookup: "sometimes"}, {OnExisting: "hope"}} {
		if _, err := NewUsers(nil, o); err == nil || !strings.Contains(err.Error(), "use ") {
			t.Errorf("NewUsers(%+v) = %v, want what to use", o, err)
		}
	}
}

// A label is spelled as the row's own campaign spells it.
func TestALabelIsSpelledAsTheCampaignDoes(t *testing.T) {
	w := newWorld(t, sandbox.Options{}, UserOptions{Campaign: 1, Mappings: []fields.Mapping{{Header: "Ort", Field: "meta:city"}}})
	in := w.rows("email,first_name,Ort\njane@example.com,Jane,Paris")[0]
	if meta := in.Payload.(*person).meta; len(in.Problems) > 0 || len(meta) != 1 || meta[0] != (MetaValue{"City", "Paris"}) {
		t.Errorf("the row holds %v (%s), want City Paris", meta, row.Explain(in.Problems))
	}
}

// BenchmarkIntents reads rows of a list of customers.
func BenchmarkIntents(b *testing.B) {
	asked := []Field{{Role: Referring, Label: "First name", Required: true}, {Role: Referring, Label: "City"}, {Role: Referring, Label: "Size", Options: []string{"S", "M", "L"}}}
	r := intentReader{operation: create, campaign: 1, campaigns: &campaigns{byID: map[int64]*Campaign{1: {ID: 1, Fields: asked}}}}
	record := fields.Record[userRow]{Value: userRow{Email: "jane.doe@example.com", FirstName: "Jane", ReferrerEmail: "joe@example.com"},
		Meta: map[string]string{"City": "Utrecht", "Size": "M"}}
	b.ReportAllocs()
	for b.Loop() {
		if in := r.read(&record); len(in.Problems) > 0 {
			b.Fatal(row.Explain(in.Problems))
		}
	}
}
