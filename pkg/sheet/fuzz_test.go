package sheet

import (
	"bytes"
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzRows: whatever the bytes are, reading ends without a panic, every record
// has the header's width, two passes are the same, and rows are numbered
// without a gap. Of input that encoding/csv takes, no row is lost and none
// invented.
func FuzzRows(f *testing.F) {
	for _, path := range corpusFiles(f) {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		if len(data) < 4<<10 {
			f.Add(data)
		}
	}
	for _, found := range []string{
		"a\n\r\n", "\"\r\n\",b\n1,2", "sep=\"\na", strings.Repeat("A", 300) + ",b\n",
		"0,\"" + strings.Repeat("x", 200) + "\"\"\"\"\n",
	} {
		f.Add([]byte(found))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(dir, "fuzz.csv")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		describe(t, path, Options{Known: knownField, MaxCell: 200, MaxUnzipped: 1 << 20})
		describe(t, path, Options{MaxCell: 200, MaxUnzipped: 1 << 20})
		if want, ok := strictRows(data); ok {
			checkAccounted(t, path, data, want)
		}
	})
}

// strictRows reads input with encoding/csv alone: the rows below the first that
// is not blank. It reports false for input on which the two have a right to
// differ.
func strictRows(data []byte) ([][]string, bool) {
	if bytes.ContainsAny(data, "\x00\x1a\r\ufeff\u200b") || separator().Match(firstLine(data)) {
		return nil, false
	}
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord = -1
	all, err := r.ReadAll()
	if err != nil {
		return nil, false
	}
	var rows [][]string
	for _, cells := range all {
		if strings.TrimSpace(strings.Join(cells, "")) != "" {
			rows = append(rows, cells)
		}
	}
	if len(rows) == 0 {
		return nil, false
	}
	return rows[1:], true
}

func firstLine(data []byte) []byte {
	line, _, _ := bytes.Cut(data, []byte{'\n'})
	return line
}

// checkAccounted compares a pass with the rows that encoding/csv has found:
// each is there, or was left out and counted.
func checkAccounted(t *testing.T, path string, data []byte, want [][]string) {
	f, err := Open(path, Options{Delimiter: ',', Encoding: "utf-8"})
	if err != nil {
		return
	}
	defer f.Close()
	r, err := f.Rows()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	m, ok := r.src.(*mender)
	if !ok {
		return
	}
	if _, err := r.CSV().Read(); err != nil {
		t.Fatal(err)
	}
	for i := 0; ; {
		cells, err := r.CSV().Read()
		gone := m.left.footers + m.left.repeats
		if err == io.EOF {
			if n := r.Position().Row; n+gone != len(want) {
				t.Errorf("%q: %d rows and %d left out, want %d", data, n, gone, len(want))
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		i = r.Position().Row + gone - 1
		if i >= len(want) {
			t.Fatalf("%q: more rows than encoding/csv finds", data)
		}
		if r.Position().Fault == "" {
			if diff := cmp.Diff(fitted(want[i], len(cells)), cells); diff != "" {
				t.Errorf("%q: row %d (-want +got):\n%s", data, i+1, diff)
			}
		}
	}
}

// fitted cuts or pads a row.
func fitted(cells []string, width int) []string {
	out := make([]string, width)
	copy(out, cells)
	return out
}

// FuzzGuard: what is guarded comes back as it was, and never runs.
func FuzzGuard(f *testing.F) {
	for _, cell := range []string{"", "=1+1", "'=1", "''", "'t Hooft", "+44", "-5", "@x", "\tx", "\r", "a=b", "''-"} {
		f.Add(cell)
	}
	f.Fuzz(func(t *testing.T, cell string) {
		g := Guard(cell)
		if got := Unguard(g); got != cell {
			t.Errorf("Unguard(Guard(%q)) = %q", cell, got)
		}
		if g != "" && strings.IndexByte(triggers, g[0]) >= 0 {
			t.Errorf("Guard(%q) = %q, which a spreadsheet runs", cell, g)
		}
	})
}
