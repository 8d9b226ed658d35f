package fields

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/refbulk/refbulk/pkg/sheet"
)

type member struct {
	Email     string `csv:"email"`
	FirstName string `csv:"first_name"`
	Code      string `csv:"code"`
}

// open opens a file with this content.
func open(t *testing.T, content string) *sheet.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "list.csv")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := sheet.Open(path, sheet.Options{Known: Known(people, nil)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// readAll reads the file's rows into members.
func readAll(t *testing.T, f *sheet.File, labels []string, mappings ...Mapping) []Record[member] {
	t.Helper()
	columns, err := Match(f.Header(), people, labels, mappings)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := f.Rows()
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewReader[member](rows, columns)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var all []Record[member]
	for {
		record, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, *record)
	}
}

func TestRowsAreReadByField(t *testing.T) {
	for name, tc := range map[string]struct {
		content  string
		labels   []string
		mappings []Mapping
		want     []Record[member]
	}{
		"headings of another system": {"Vorname;Nachname;E-Mail\nJane;Doe;jane@example.com\n\nJoe;;joe@example.com\n", nil, nil, []Record[member]{
			{Value: member{Email: "jane@example.com", FirstName: "Jane"}, At: sheet.Position{Row: 1, Line: 2}},
			{Value: member{Email: "joe@example.com", FirstName: "Joe"}, At: sheet.Position{Row: 2, Line: 4}},
		}},
		"an ignored column called as a field's tag": {"Email,Friend Email,id,code\na@example.com,b@example.com,7,c\n", nil, []Mapping{{"Email", "-"}, {"code", "-"}}, []Record[member]{
			{Value: member{Email: "b@example.com"}, At: sheet.Position{Row: 1, Line: 2}},
		}},
		"the campaign's own fields": {"email,meta:City,Shoe size,Notes\njane@example.com,Bern,38,x\njoe@example.com,,,\n", []string{"Shoe Size"}, nil, []Record[member]{
			{Value: member{Email: "jane@example.com"}, Meta: map[string]string{"City": "Bern", "Shoe Size": "38"}, At: sheet.Position{Row: 1, Line: 2}},
			{Value: member{Email: "joe@example.com"}, Meta: map[string]string{"City": "", "Shoe Size": ""}, At: sheet.Position{Row: 2, Line: 3}},
		}},
		"a label that is called as a field": {"email,meta:code\njane@example.com,x\n", nil, nil, []Record[member]{
			{Value: member{Email: "jane@example.com"}, Meta: map[string]string{"code": "x"}, At: sheet.Position{Row: 1, Line: 2}},
		}},
		"cells as they stand": {"email,first_name\n mailto:jane@example.com ,\"Jane\nAnn\"\n", nil, nil, []Record[member]{
			{Value: member{Email: " mailto:jane@example.com ", FirstName: "Jane\nAnn"}, At: sheet.Position{Row: 1, Line: 2}},
		}},
		"no rows": {"email,first_name\n", nil, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := readAll(t, open(t, tc.content), tc.labels, tc.mappings...)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("rows of %q (-want +got):\n%s", tc.content, diff)
			}
		})
	}
}

func TestABadRowIsOneRow(t *testing.T) {
	got := readAll(t, open(t, "email,first_name\njane@example.com,Jane\na@example.com,b,c,d\njoe@example.com,Joe\n"), nil)
	if len(got) != 3 || got[0].At.Fault != "" || got[1].At.Fault == "" || got[2].At.Fault != "" || got[2].Value.FirstName != "Joe" {
		t.Errorf("rows with a bad one among them: %+v", got)
	}
}

// Records outlive the next row: nothing in them may be overwritten.
func TestRecordsStayAsTheyWereRead(t *testing.T) {
	var b strings.Builder
	b.WriteString("email,meta:n\n")
	for i := range 50 {
		b.WriteString("jane" + string(rune('A'+i%26)) + "@example.com," + strings.Repeat("x", i) + "\n")
	}
	for i, record := range readAll(t, open(t, b.String()), nil) {
		if want := "jane" + string(rune('A'+i%26)) + "@example.com"; record.Value.Email != want || record.Meta["n"] != strings.Repeat("x", i) {
			t.Errorf("row %d reads %+v, want %s and %d times x", i+1, record, want, i)
		}
	}
}

func TestColumnsOfAnotherFileAreRefused(t *testing.T) {
	rows, err := open(t, "email,first_name\nx,y\n").Rows()
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if _, err := NewReader[member](rows, Columns{Headers: []string{"email"}, Names: []string{"email"}}); err == nil {
		t.Error("NewReader with columns of another file: no error")
	}
}
