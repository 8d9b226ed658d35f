package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"github.com/refbulk/refbulk/pkg/report"
	"github.com/refbulk/refbulk/pkg/sandbox"
)

// awkward are values that a spreadsheet, or a reader of one, is tempted to
// make something else of.
var awkward = []string{
	"Jane", "=SUM(A1:A9)", "+31 6 1234", "-5", "@home", "'t Hooft", "'quoted'", "'=x'", "=x'", "''=y", "\tTab", "\rReturn", "'\tx", "00123", "'00123",
	`="00123"`, "1.50", "1e5", "12E4", "2026-02-03", "03/02/2026", "TRUE", "no", "a \"quoted\" word", "two\nlines", "two\r\nlines", "old\rline", "a,b;c\td|e",
	" spaces ", "a  b", "no\u00a0break", "zero\u200bwidth", "e\u0301", "é", "Å", "👩\u200d👩\u200d👧", "😀", "長い名前", "ﬁ", "\v", "a\fb", "\u0001bell\u0007",
	"_x0041_", "_x005F_x0041_", "NULL", "n/a", "-", "—", "0000-00-00", "12345678901234567890", "<b>&amp;</b>", "sep=;", "#hash", "C:\\x", "مرحبا", "\ufeffbom",
	"Doe, Jane", "jane@example.com", "Jane <jane@example.com>", "https://example.com/?a=b",
}

// anyText draws awkward values, and texts that nobody thought of.
func anyText() *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom(awkward), rapid.Custom(func(t *rapid.T) string {
		return rapid.SampledFrom(awkward).Draw(t, "a") + rapid.SampledFrom([]string{" ", "", "'", "\n"}).Draw(t, "between") + rapid.SampledFrom(awkward).Draw(t, "b")
	}), rapid.Map(rapid.StringN(0, 12, -1), func(s string) string {
		return strings.NewReplacer("\u200c", "", "\u200d", "").Replace(s) // as pkg/export has it
	}))
}

// labels of campaign fields: such as name columns of an export, or of an
// import, among them.
var labels = []string{"City", "First name", "Type", "Source", "URL", "Status", "=Formula", "Größe", "Date of birth", "reach", "Note", "E-mail", "x, y"}

// anyAccount draws two campaigns with fields and the people in them.
func anyAccount(t *rapid.T) sandbox.State {
	s := sandbox.State{NextUser: 1000, NextReward: 1}
	for id := range int64(2) {
		c := sandbox.Campaign{ID: id + 1, Name: fmt.Sprint("Campaign ", id+1), Status: "launched"}
		for i, label := range rapid.SliceOfNDistinct(rapid.SampledFrom(labels), 0, 5, rapid.ID).Draw(t, "labels") {
			f := sandbox.Field{ID: id*100 + int64(i), Type: "input", Label: label, Required: rapid.Bool().Draw(t, "required")}
			if rapid.IntRange(0, 5).Draw(t, "select") == 0 {
				f.Type, f.Value = "select", []any{"S", "M"}
			}
			c.Fields.PersonReferring = append(c.Fields.PersonReferring, f)
			c.Fields.PersonInvited = append(c.Fields.PersonInvited, f)
		}
		s.Campaigns = append(s.Campaigns, c)
	}
	value := rapid.OneOf(rapid.Map(anyText(), func(s string) any { return s }),
		rapid.SampledFrom([]any{nil, true, false, json.Number("10"), json.Number("1.50"), json.Number("-3"), json.Number("12345678901234567"), []any{"a", json.Number("1")}}))
	for i := range rapid.IntRange(1, 25).Draw(t, "people") {
		c := rapid.SampledFrom(s.Campaigns).Draw(t, "campaign")
		u := sandbox.User{
			ID: int64(i + 1), CampaignID: c.ID, Type: sandbox.PersonReferring, FirstName: anyText().Draw(t, "first name"),
			Email: fmt.Sprintf("%s%d@%s", rapid.SampledFrom([]string{"Jane.Doe", "+tag", "o'neil", "j"}).Draw(t, "local"), i, rapid.SampledFrom([]string{"example.com", "Bücher.example"}).Draw(t, "domain")),
			Code:  rapid.SampledFrom([]string{"Kp3xZt9a", "00012345", "12E45678", "-aBcDeFg", "TRUEcode"}).Draw(t, "code") + strconv.Itoa(i), SignedUpAt: "2026-02-03",
		}
		if referrer := slices.IndexFunc(s.Users, func(r sandbox.User) bool { return r.CampaignID == c.ID }); referrer >= 0 && rapid.Bool().Draw(t, "invited") {
			u.Type, u.ReferrerID = sandbox.PersonInvited, s.Users[referrer].ID
			u.QualifiedAt = rapid.SampledFrom([]string{"", "2026-03-01"}).Draw(t, "qualified")
		}
		for _, f := range c.Fields.PersonReferring {
			if rapid.Bool().Draw(t, "has") {
				u.Meta = append(u.Meta, sandbox.Meta{Field: f.Label, Value: value.Draw(t, "value")})
			}
		}
		s.Users = append(s.Users, u)
	}
	return s
}

// inSandbox runs refbulk on an account in a file.
func inSandbox(t interface{ Fatalf(string, ...any) }, want ExitCode, args ...string) string {
	var out, errs bytes.Buffer
	code := Main(args, Streams{In: strings.NewReader(""), Out: &out, Err: &errs}, func(string) (string, bool) { return "", false })
	if code != want && (code != ExitMend || want != ExitDone) {
		t.Fatalf("refbulk %v: exit %d\n%s%s", args, code, out.String(), errs.String())
	}
	return out.String()
}

// upserted imports a file and gives the number of writes and the statuses.
func upserted(t interface{ Fatalf(string, ...any) }, file, account string) report.Summary {
	var s report.Summary
	out := inSandbox(t, ExitDone, "import", "users", file, "--operation", "upsert", "--sandbox="+account, "--limit", "0", "--json", "--progress", "none")
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return s
}

// The law of the round trip: what an export wrote, an upsert has nothing to do
// for, whatever people are called and whatever stands in their fields.
func TestAnExportComesBackWithoutAWrite(t *testing.T) {
	base := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp(base, "")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		state, account := anyAccount(t), filepath.Join(dir, "account.json")
		if err := state.Save(account); err != nil {
			t.Fatal(err)
		}
		filter := rapid.SampledFrom([]string{"", "--campaign=1", "--with-analytics"}).Draw(t, "filter")
		for _, name := range []string{"users.csv", "users.xlsx"} {
			file := filepath.Join(dir, name)
			args := []string{"export", "users", "-o", file, "--sandbox=" + account, "--limit", "0", "--quiet"}
			if filter != "" {
				args = append(args, filter)
			}
			inSandbox(t, ExitDone, args...)
			s := upserted(t, file, account)
			if s.Requests.Writes != 0 {
				results, _ := os.ReadFile(s.Results)
				text, _ := os.ReadFile(file)
				t.Fatalf("the upsert of %s sent %d writes:\n%s\n%.3000s", name, s.Requests.Writes, results, text)
			}
			if people := s.Statuses["unchanged"] + s.Statuses["invalid"]; people != s.Rows || filter != "--campaign=1" && s.Rows != len(state.Users) {
				t.Fatalf("%s: statuses %v of %d users", name, s.Statuses, len(state.Users))
			}
		}
	})
}

// An account in which nothing is damaged: every row of its export is unchanged,
// so that an invalid one is no way out of the law.
func roundAccount() sandbox.State {
	s := sandbox.Example()
	fields := []sandbox.Field{{ID: 1, Type: "input", Label: "Number"}, {ID: 2, Type: "input", Label: "Member"}, {ID: 3, Type: "input", Label: "Born"},
		{ID: 4, Type: "select", Label: "Size", Value: []any{"S", "M"}}}
	s.Campaigns[0].Fields = sandbox.Fields{PersonReferring: fields, PersonInvited: fields}
	for i, name := range awkward {
		s.Users = append(s.Users, sandbox.User{
			ID: int64(i + 1), CampaignID: 1, Type: sandbox.PersonReferring, FirstName: name, Email: fmt.Sprintf("user%d@example.com", i+1), SignedUpAt: "2026-01-05",
			Code: fmt.Sprintf("%08d", i), Meta: []sandbox.Meta{{Field: "Number", Value: "00123"}, {Field: "Member", Value: true}, {Field: "Born", Value: "1990-02-03"}, {Field: "Size", Value: "XL, no choice any more"}},
		})
	}
	s.NextUser = 1000
	return s
}

// Opened in a spreadsheet program, changed in three places and saved again,
// three rows are sent and nothing else.
func TestOnlyTheEditsOfASpreadsheetAreSent(t *testing.T) {
	dir := t.TempDir()
	account, file := filepath.Join(dir, "account.json"), filepath.Join(dir, "users.xlsx")
	if err := roundAccount().Save(account); err != nil {
		t.Fatal(err)
	}
	inSandbox(t, ExitDone, "export", "users", "-o", file, "--sandbox="+account, "--quiet")
	if s := upserted(t, file, account); s.Requests.Writes != 0 || s.Statuses["unchanged"] != len(awkward) {
		t.Fatalf("before the edits %d writes and %v, want none and all unchanged", s.Requests.Writes, s.Statuses)
	}
	book, err := excelize.OpenFile(file)
	if err != nil {
		t.Fatal(err)
	}
	sheet := book.GetSheetName(0)
	header, err := book.GetRows(sheet)
	if err != nil {
		t.Fatal(err)
	}
	at := func(column string, row int) string {
		name, _ := excelize.CoordinatesToCellName(slices.Index(header[0], column)+1, row)
		return name
	}
	for cell, value := range map[string]any{
		at("first_name", 5): "Renamed", at("meta:Number", 6): "00124", at("meta:Member", 7): false, // edits
		at("meta:Member", 8): true, // the program's own way to write what stands there
	} {
		if err := book.SetCellValue(sheet, cell, value); err != nil {
			t.Fatal(err)
		}
	}
	if err := book.Save(); err != nil {
		t.Fatal(err)
	}
	s := upserted(t, file, account)
	if s.Requests.Writes != 3 || s.Statuses["updated"] != 3 {
		t.Errorf("after three edits %d writes and %v", s.Requests.Writes, s.Statuses)
	}
	state, err := sandbox.Load(account)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(state.Users[3].FirstName, state.Users[4].Meta[0].Value, state.Users[5].Meta[1].Value); got != "Renamed00124false" {
		t.Errorf("the account holds %q, want the three edits", got)
	}
}
