package sheet

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the corpus and its expected rows anew")

const corpusDir = "../../testdata/sheets"

// TestCorpus reads each file of the corpus and compares what was made of it,
// refusals included, with NAME.rows.txt beside it.
func TestCorpus(t *testing.T) {
	if *update {
		writeCorpus(t)
	}
	for _, path := range corpusFiles(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			got := describe(t, path, Options{Known: knownField})
			golden := path + ".rows.txt"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("reading %s (-want +got):\n%s", filepath.Base(path), diff)
			}
		})
	}
}

func corpusFiles(t testing.TB) []string {
	all, err := filepath.Glob(filepath.Join(corpusDir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, path := range all {
		if !strings.HasSuffix(path, ".rows.txt") && !strings.HasPrefix(filepath.Base(path), ".") {
			files = append(files, path)
		}
	}
	if len(files) < 50 {
		t.Fatalf("corpus has %d files, want at least 50", len(files))
	}
	return files
}

// knownField stands in for the alias table of another package.
func knownField(header string) string {
	letters := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(header))
	switch letters {
	case "email", "emailaddress", "emailadresse", "email1value", "primaryemail", "personemail":
		return "email"
	case "firstname", "fname", "vorname", "givenname", "personname":
		return "first_name"
	case "lastname", "lname", "nachname", "surname":
		return "last_name"
	}
	return ""
}

// describe reads a whole file, twice, and writes down what was made of it.
func describe(t testing.TB, path string, o Options) string {
	f, err := Open(path, o)
	if err != nil {
		return "refused: " + strings.Replace(err.Error(), path, filepath.Base(path), 1) + "\n"
	}
	defer f.Close()
	var b strings.Builder
	d := f.Detected()
	fmt.Fprintf(&b, "%s", d.Format)
	if d.Sheet != "" {
		fmt.Fprintf(&b, ", sheet %q of %d", d.Sheet, 1+len(d.Others))
	} else {
		fmt.Fprintf(&b, " in %s, delimiter %q", d.Encoding, d.Delimiter)
	}
	fmt.Fprintf(&b, ", header in %d\n", f.Detected().HeaderLine)
	for _, n := range d.Notes {
		fmt.Fprintf(&b, "note: %s\n", n)
	}
	first := dump(t, f)
	if diff := cmp.Diff(first, dump(t, f)); diff != "" {
		t.Errorf("two passes over %s differ:\n%s", path, diff)
	}
	return b.String() + first
}

// dump writes down one pass.
func dump(t testing.TB, f *File) string {
	r, err := f.Rows()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var b strings.Builder
	for n := 0; ; n++ {
		cells, err := r.CSV().Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		pos := r.Position()
		if pos.Row != n {
			t.Errorf("record %d has row number %d", n, pos.Row)
		}
		if n == 0 {
			fmt.Fprintf(&b, "header: %q\n", cells)
			if diff := cmp.Diff(f.Header(), cells); diff != "" {
				t.Errorf("first record is not the header:\n%s", diff)
			}
			continue
		}
		for i, c := range cells {
			if len(c) > 500 {
				cells[i] = fmt.Sprintf("%s… %d bytes", c[:30], len(c))
			}
		}
		fmt.Fprintf(&b, "%d at %d: %q\n", pos.Row, pos.Line, cells)
		if pos.Fault != "" {
			fmt.Fprintf(&b, "    fault: %s\n", pos.Fault)
		}
	}
	for _, n := range r.Notes() {
		fmt.Fprintf(&b, "note: %s\n", n)
	}
	return b.String()
}
