package ledger

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/refbulk/refbulk/pkg/row"
)

// The folder may be a link itself, and a link to a link may lead to the file.
func TestALinkIsReadWhereItStands(t *testing.T) {
	dir := t.TempDir()
	for _, folder := range []string{"a", "b/c"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{
		"a/folder": filepath.Join(dir, "b", "c"), "b/c/results.csv": "../real.csv", "b/c/again.csv": "results.csv",
	} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Skip(err)
		}
	}
	for i, name := range []string{"again.csv", "results.csv"} { // to a file that is yet to be made, and to one that is there
		l := open(t, filepath.Join(dir, "a", "folder", name))
		appendAll(t, l, entry(i+1, row.Fingerprint(i+1), row.Created))
		_ = l.Close()
		l = open(t, filepath.Join(dir, "b", "real.csv"))
		if s, _, _ := l.Last(Key{Row: row.Fingerprint(i + 1)}); s != row.Created {
			t.Errorf("through %s: in the file that the link names, Last(%d) = %v, want created", name, i+1, s)
		}
		_ = l.Close()
	}
}

func TestALinkToAFileThatIsYetToBeMadeIsFollowed(t *testing.T) {
	dir := t.TempDir()
	link, path := filepath.Join(dir, "link.csv"), filepath.Join(dir, "real", "results.csv")
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join("real", "results.csv"), link); err != nil {
		t.Skip(err)
	}
	l := open(t, link)
	appendAll(t, l, entry(1, 1, row.Created))
	_ = l.Close()
	if s, _, _ := open(t, path).Last(Key{Row: 1}); s != row.Created {
		t.Errorf("in the file that the link names, Last(1) = %v, want created", s)
	}
}
