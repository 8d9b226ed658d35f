package ledger

import (
	"context"
	"os"
	"path/filepath"
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
		if err == nil || !strings.Contains(err.Error(), "line 3 is damaged") {
			t.Errorf("Open() of a file with %q = %v, want an error that names line 3", damage.to, err)
		}
	}
}
