package ledger

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/refbulk/refbulk/pkg/row"
)

func TestATornEndHeals(t *testing.T) {
	whole := func(t *testing.T, path string) []byte {
		l := open(t, path)
		appendAll(t, l, entry(1, 1, row.Created), entry(2, 2, row.Created), entry(3, 3, row.Created))
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	text := whole(t, filepath.Join(t.TempDir(), "results.csv"))
	ends := []int{0}
	for i, c := range text {
		if c == '\n' {
			ends = append(ends, i+1)
		}
	}
	for cut := range len(text) + 1 {
		path := filepath.Join(t.TempDir(), "results.csv")
		if err := os.WriteFile(path, text[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		l := open(t, path)
		for n := 1; n <= 3; n++ {
			_, _, got := l.Last(l.Key(row.Fingerprint(n)))
			if want := cut >= ends[n+1]; got != want {
				t.Fatalf("cut after %d of %d bytes: entry %d is there: %v, want %v", cut, len(text), n, got, want)
			}
		}
		appendAll(t, l, entry(4, 4, row.Exists))
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		l = open(t, path)
		if s, _, _ := l.Last(l.Key(4)); s != row.Exists {
			t.Fatalf("cut after %d bytes: what was appended afterwards cannot be read back", cut)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestANullFilledEndHeals(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.csv")
	l := open(t, path)
	appendAll(t, l, entry(1, 1, row.Created))
	_ = l.Close()
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString(strings.Repeat("\x00", 300) + "\n" + strings.Repeat("\x00", 100)); err != nil {
		t.Fatal(err)
	}
	_ = file.Close()
	l = open(t, path)
	if s, _, _ := l.Last(l.Key(1)); s != row.Created {
		t.Errorf("Last(1) = %v after a power cut left zeros at the end, want created", s)
	}
}

func TestADamagedMiddleIsRefusedWithItsLine(t *testing.T) {
	for _, damage := range []struct{ from, to string }{
		{"\n2,3,create,email:jane@example.com campaign:1,created", "\n2,3,create,email:jane@example.com campaign:1,done"},
		{"\n2,3,", "\n2\",3,"}, // a quote where none may be, in the first cell
		{"\n2,3,", "\n2,3\","},
		{"\n2,3,create,", "\n"},
		{"\n3,4,create,", "\n3,4,create,,"}, // the last line, which no kill can have left so
		{"\n3,4,create,", "\n\x00\x00\n3,4,create,"},
	} {
		path := filepath.Join(t.TempDir(), "results.csv")
		l := open(t, path)
		appendAll(t, l, entry(1, 1, row.Created), entry(2, 2, row.Created), entry(3, 3, row.Created))
		_ = l.Close()
		text, _ := os.ReadFile(path)
		damaged := strings.Replace(string(text), damage.from, damage.to, 1)
		if damaged == string(text) {
			t.Fatalf("the file has no %q:\n%s", damage.from, text)
		}
		if err := os.WriteFile(path, []byte(damaged), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Open(context.Background(), Options{Path: path})
		line := "line " + damage.from[3:4] + " is damaged"
		if err == nil || !strings.Contains(err.Error(), line) || !strings.Contains(err.Error(), "put back the copy") {
			t.Errorf("Open() of a file with %q = %v, want an error that says %q and what to do", damage.to, err, line)
		}
	}
}

// Spreadsheet programs save a file in their own way. What they leave readable
// is read, and with the rest nobody is advised to begin anew.
func TestAFileThatASpreadsheetSavedIsReadOrRefusedWithAdvice(t *testing.T) {
	for _, saved := range []struct {
		how  string
		as   func(string) string
		want string
	}{
		{"with a byte order mark", func(s string) string { return "\ufeff" + s }, ""},
		{"with its own line ends", func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }, ""},
		{"with semicolons", func(s string) string { return strings.ReplaceAll(s, ",", ";") }, "put back the copy"},
		{"with tabs", func(s string) string { return strings.ReplaceAll(s, ",", "\t") }, "put back the copy"},
		{"with rounded keys", func(s string) string { return strings.ReplaceAll(s, "x0000000000000001,", "1.00E+00,") }, "put back the copy"},
	} {
		path := filepath.Join(t.TempDir(), "results.csv")
		l := open(t, path)
		appendAll(t, l, entry(1, 1, row.Created))
		_ = l.Close()
		text, _ := os.ReadFile(path)
		if err := os.WriteFile(path, []byte(saved.as(string(text))), 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := Open(context.Background(), Options{Path: path})
		switch {
		case saved.want == "" && err != nil, saved.want != "" && (err == nil || !strings.Contains(err.Error(), saved.want)):
			t.Errorf("saved %s: Open() = %v, want an error that says %q", saved.how, err, saved.want)
		case err == nil:
			if s, _, _ := l.Last(l.Key(1)); s != row.Created {
				t.Errorf("saved %s: Last(1) = %v, want created", saved.how, s)
			}
			_ = l.Close()
		}
	}
}

// What looks like a number comes back rounded from a spreadsheet.
func TestKeysLookLikeNoNumber(t *testing.T) {
	for _, f := range []row.Fingerprint{0, 1, 0x1234567890123456, 0x12345e6789012345, 0x1e00000000000000, 0xe123456789012345, 0x123456789012345e, 0xabcdef0123456789} {
		e := Entry{Key: Key{Row: f}, Content: f}
		line := e.line()
		for _, cell := range []string{line.RowKey, line.RowHash} {
			if _, err := strconv.ParseFloat(cell, 64); err == nil {
				t.Errorf("%v is written %q", f, cell)
			}
			if got, err := ParseKey(cell); err != nil || got != e.Key {
				t.Errorf("%q is read as %v, %v, want %v", cell, got, err, e.Key)
			}
		}
	}
}
