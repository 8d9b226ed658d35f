package ledger

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/refbulk/refbulk/pkg/sheet"
)

func TestSweepRemovesWhatIsUnfinishedOfItsOwnFileAlone(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	begin := func(path string) {
		if _, err := sheet.Create(path); err != nil { // and is killed
			t.Fatal(err)
		}
	}
	begin("out.csv")
	begin("out")
	begin(filepath.Join(dir, "out"))
	others := []string{".out.tmp", ".out..tmp", ".out.mine.tmp", ".out.12.csv", "out.12.tmp"}
	for _, name := range others {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	unfinished, err := filepath.Glob(".out.csv.*.tmp")
	if err != nil || len(unfinished) != 1 {
		t.Fatalf("out.csv is being written as %v (%v), want one file", unfinished, err)
	}
	Sweep("out")
	want := append(others, unfinished...)
	slices.Sort(want)
	var got []string
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		got = append(got, f.Name())
	}
	if !slices.Equal(got, want) {
		t.Errorf("Sweep(%q) leaves %q, want %q", "out", got, want)
	}
}
