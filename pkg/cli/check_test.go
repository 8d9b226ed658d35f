package cli

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/refbulk/refbulk/pkg/fields"
	"github.com/refbulk/refbulk/pkg/report"
	"github.com/refbulk/refbulk/pkg/sandbox"
	"github.com/refbulk/refbulk/pkg/sheet"
)

// A check tells what the account holds, and what all processes of this machine
// have left of the limit.
func TestACheckTellsWhatIsThere(t *testing.T) {
	r := newRig(t, sandbox.Options{State: members(600)})
	delete(r.env, "REFBULK_LIMIT")
	for n := 1; n <= 2; n++ {
		code, out, errs := r.run("check", "--json")
		var c checkup
		if err := json.Unmarshal([]byte(out), &c); err != nil || code != ExitDone {
			t.Fatalf("exit %d, %v\n%s%s", code, err, out, errs)
		}
		if len(c.Campaigns) != 1 || c.Campaigns[0].Name != "Refer a Friend" || c.Campaigns[0].Status != "launched" || len(c.Campaigns[0].Fields) != 2 {
			t.Errorf("campaigns are %+v", c.Campaigns)
		}
		if c.People == nil || *c.People.Used != 600 {
			t.Errorf("users are %+v, want 600", c.People)
		}
		if c.Limit == nil || c.Limit.Used != 2*n || c.Limit.Left != 600-2*n {
			t.Errorf("check %d: the limit is %+v, want %d in use", n, c.Limit, 2*n)
		}
	}
	code, out, _ := r.run("check")
	for _, want := range []string{"takes the token", "1  \"Refer a Friend\"  launched", "meta:City", "Users: 600", "Limit: 6 of 600"} {
		if code != ExitDone || !strings.Contains(out, want) {
			t.Errorf("exit %d, and the text lacks %q:\n%s", code, want, out)
		}
	}
}

func TestACheckOfARefusedToken(t *testing.T) {
	r := newRig(t, sandbox.Options{Token: "the-newest-one"})
	code, out, errs := r.run("check")
	if code != ExitUsage || out != "" || !strings.Contains(errs, "refuses the token") || !strings.Contains(errs, "newest") {
		t.Errorf("exit %d, %s%s; want 2 and advice", code, out, errs)
	}
	if strings.Contains(errs, "made-up-token") {
		t.Errorf("the token is shown: %s", errs)
	}
}

// What a template says is what an import understands: every column is a field,
// the explanation and the example ask for nothing, and the example is sent when
// its operation says what its note tells.
func TestATemplateIsImportedAsItStands(t *testing.T) {
	for _, v := range vendors {
		for _, resource := range v.resources {
			for _, name := range []string{"t.csv", "t.xlsx"} {
				t.Run(v.name+" "+resource+" "+name, func(t *testing.T) {
					dir := t.TempDir()
					file, account := filepath.Join(dir, name), filepath.Join(dir, "account.json")
					inSandbox(t, ExitDone, "template", resource, "--provider", v.name, "-o", file)
					state := sandbox.Example()
					state.Due = []sandbox.DueReward{{ID: 1, RewardID: 1, RecipientID: 1, LeadID: 1, CanBeIssued: true, Count: 1}}
					state.Users = members(1).Users
					state.NextUser, state.NextReward = 2, 2
					if err := state.Save(account); err != nil {
						t.Fatal(err)
					}
					imports := func(file string) (s report.Summary) {
						out := inSandbox(t, ExitDone, "import", resource, file, "--provider", v.name, "--sandbox="+account, "--notify", "--yes", "--json")
						if err := json.Unmarshal([]byte(out), &s); err != nil {
							t.Fatal(err)
						}
						return s
					}
					if s := imports(file); s.Statuses["skipped"] != 2 || len(s.Statuses) != 1 || s.Requests.Writes != 0 {
						t.Errorf("as it stands it ends with the outcomes %v and %d writes, want two skipped rows", s.Statuses, s.Requests.Writes)
					}
					if s := imports(acting(t, file)); s.Statuses["skipped"] != 1 || len(s.Statuses) != 2 || s.ExitCode != 0 {
						t.Errorf("exit %d with the outcomes %v, want a skipped row and one that went well", s.ExitCode, s.Statuses)
					}
					checkTemplate(t, v, resource, file)
				})
			}
		}
	}
}

// acting is the template whose example has the operation that its note tells.
func acting(t *testing.T, path string) string {
	t.Helper()
	file, err := sheet.Open(path, sheet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := file.Rows()
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	records, err := rows.CSV().ReadAll()
	if err != nil || len(records) != 3 {
		t.Fatalf("the template has %d rows with the header, %v", len(records), err)
	}
	example := records[2]
	_, after, found := strings.Cut(example[len(example)-1], "until its operation says ")
	operation, _, ended := strings.Cut(after, ";")
	if !found || !ended || example[0] != "skip" {
		t.Fatalf("the example is %q", example)
	}
	example[0] = operation
	var b bytes.Buffer
	if err := csv.NewWriter(&b).WriteAll(records); err != nil {
		t.Fatal(err)
	}
	acts := filepath.Join(filepath.Dir(path), "acts.csv")
	if err := os.WriteFile(acts, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return acts
}

// checkTemplate compares the columns with the fields of the resource.
func checkTemplate(t *testing.T, v vendor, resource, path string) {
	t.Helper()
	file, err := sheet.Open(path, sheet.Options{Known: v.known(resource, nil)})
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	columns, err := fields.Match(file.Header(), v.columns(resource), nil, nil)
	if err != nil || len(columns.Ignored()) > 0 {
		t.Errorf("columns %q are ignored, %v", columns.Ignored(), err)
	}
	for _, f := range v.columns(resource) {
		if leftOut := f.Name == "target" || strings.HasSuffix(f.Name, "_name"); columns.Has(f.Name) == leftOut && f.Name != "first_name" {
			t.Errorf("the column %s is there: %v", f.Name, columns.Has(f.Name))
		}
	}
}
