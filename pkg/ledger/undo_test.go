package ledger

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/refbulk/refbulk/pkg/row"
)

func openUndo(t *testing.T, path string, columns ...string) *Undo {
	t.Helper()
	u, err := OpenUndo(t.Context(), UndoOptions{Path: path, Columns: columns, Begun: time.Unix(1, 0)})
	if err != nil {
		t.Fatalf("OpenUndo() = %v", err)
	}
	t.Cleanup(func() { _ = u.Close() })
	return u
}

func change(key row.Fingerprint, operation, id string, tentative bool) Change {
	return Change{Cells: map[string]string{"operation": operation, "id": id}, Key: Key{Row: key}, Tentative: tentative}
}

func appendChanges(t *testing.T, u *Undo, changes ...Change) {
	t.Helper()
	if err := u.Append(changes); err != nil {
		t.Fatalf("Append() = %v", err)
	}
}

// resumed opens the undo file after a run that has left its rows as told.
func resumed(t *testing.T, path string, left map[row.Fingerprint]row.Status) *Undo {
	t.Helper()
	u := openUndo(t, path, "operation", "id")
	if err := u.Resume(settledAs(left)); err != nil {
		t.Fatal(err)
	}
	return u
}

// lines gives the file as operation, id and change of each line.
func undoLines(t *testing.T, path string) []string {
	t.Helper()
	var got []string
	for _, record := range read(t, path)[1:] {
		got = append(got, strings.Join(record[:3], " "))
	}
	return got
}

// settledAs answers Finish with the given statuses, of rows that say what they
// said before.
func settledAs(statuses map[row.Fingerprint]row.Status) func(Key) (row.Status, bool) {
	return func(k Key) (row.Status, bool) { return statuses[k.Row], false }
}

// editedTo is settledAs for rows that say something else by now.
func editedTo(statuses map[row.Fingerprint]row.Status) func(Key) (row.Status, bool) {
	return func(k Key) (row.Status, bool) { return statuses[k.Row], true }
}

func TestTheLatestChangeIsTakenBackFirst(t *testing.T) {
	path := filepath.Join(t.TempDir(), "undo.csv")
	u := openUndo(t, path, "operation", "id")
	appendChanges(t, u, change(1, "delete", "17", false), change(2, "delete", "18", false))
	appendChanges(t, u, change(2, "unqualify", "18", false))
	if err := u.Finish(settledAs(nil)); err != nil {
		t.Fatal(err)
	}
	_ = u.Close()
	if diff := cmp.Diff([]string{"unqualify 18 3", "delete 18 2", "delete 17 1"}, undoLines(t, path)); diff != "" {
		t.Errorf("after one run (-want +got):\n%s", diff)
	}

	u = openUndo(t, path, "operation", "id")
	appendChanges(t, u, change(3, "update", "19", false))
	if err := u.Finish(settledAs(nil)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"update 19 4", "unqualify 18 3", "delete 18 2", "delete 17 1"}, undoLines(t, path)); diff != "" {
		t.Errorf("after another run (-want +got):\n%s", diff)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("the undo file has mode %v, want 0600", info.Mode().Perm())
	}
}

func TestAnUndoFileHasOneRunAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "undo.csv")
	first := openUndo(t, path, "operation", "id")
	appendChanges(t, first, change(1, "delete", "17", false))
	_, err := OpenUndo(t.Context(), UndoOptions{Path: path, Columns: []string{"operation", "id"}})
	var locked *LockedError
	if !errors.As(err, &locked) || !strings.Contains(err.Error(), "holds the undo file "+path) {
		t.Fatalf("OpenUndo() of a file that is open = %v, want it locked", err)
	}
	_ = first.Close()
	openUndo(t, path, "operation", "id")
}

// The file before may have been imported: what it took back is settled under
// its numbers.
func TestANewUndoFileNumbersItsChangesAnew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "undo.csv")
	begun := time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC)
	for _, want := range []string{"delete 17 1795226400", "delete 17 1795312800"} {
		u, err := OpenUndo(t.Context(), UndoOptions{Path: path, Columns: []string{"operation", "id"}, Begun: begun})
		if err != nil {
			t.Fatal(err)
		}
		appendChanges(t, u, change(1, "delete", "17", false))
		_ = u.Close()
		if got := undoLines(t, path); len(got) != 1 || got[0] != want {
			t.Errorf("lines %q, want %q", got, want)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		begun = begun.AddDate(0, 0, 1)
	}
}

// A run was killed after a credit had left; the next one sends it again, or
// finds it there. The money is taken back once.
func TestAChangeThatIsBegunAgainKeepsItsNumber(t *testing.T) {
	path := filepath.Join(t.TempDir(), "undo.csv")
	u := openUndo(t, path, "operation", "id")
	appendChanges(t, u, change(1, "credit", "17", true), change(2, "credit", "18", true))
	_ = u.Close()
	u = resumed(t, path, map[row.Fingerprint]row.Status{1: row.Unknown, 2: row.Failed})
	appendChanges(t, u, change(1, "credit", "17", true), change(2, "credit", "18", true))
	_ = u.Close()
	if diff := cmp.Diff([]string{"credit 17 1?", "credit 17 1?", "credit 18 3?"}, undoLines(t, path)); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

// A run was killed after a row was done; then the row was edited to what is
// there by now, or to something that is refused.
func TestAChangeThatWasMadeStaysWhateverBecomesOfItsRowLater(t *testing.T) {
	path := filepath.Join(t.TempDir(), "undo.csv")
	u := openUndo(t, path, "operation", "id")
	appendChanges(t, u, change(1, "update", "17", true), change(2, "update", "18", true))
	_ = u.Close()
	u = resumed(t, path, map[row.Fingerprint]row.Status{1: row.Updated, 2: row.Updated})
	appendChanges(t, u, change(2, "update", "18", true))
	if err := u.Finish(settledAs(map[row.Fingerprint]row.Status{1: row.Unchanged, 2: row.Rejected})); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"update 18 2", "update 17 1"}, undoLines(t, path)); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

// Runs were killed while a change was under way, and then the row was edited, or
// came to nothing: what was there before the first of them is not forgotten, and
// comes back last.
func TestAChangeThatMayHaveBeenMadeStaysUntilThatIsKnown(t *testing.T) {
	path := filepath.Join(t.TempDir(), "undo.csv")
	u := openUndo(t, path, "operation", "id")
	appendChanges(t, u, change(1, "update", "Old", true), change(2, "update", "18", true), change(3, "update", "19", true), change(4, "update", "20", true))
	_ = u.Close()
	u = resumed(t, path, map[row.Fingerprint]row.Status{1: row.Unknown, 2: row.Unknown, 3: row.Unknown}) // of 4 other results tell
	appendChanges(t, u, change(1, "update", "New", true))
	_ = u.Close()
	u = resumed(t, path, map[row.Fingerprint]row.Status{1: row.Updated, 2: row.Unknown, 3: row.Unknown})
	if err := u.Finish(editedTo(map[row.Fingerprint]row.Status{1: row.Updated, 2: row.Rejected, 3: row.Skipped})); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"update New 5", "update 20 4?", "update 19 3", "update 18 2", "update Old 1"}, undoLines(t, path)); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestAChangeThatWasNeverMadeIsNotTakenBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "undo.csv")
	u := openUndo(t, path, "operation", "id")
	appendChanges(t, u,
		change(1, "update", "1", true), change(2, "update", "2", true), change(3, "update", "3", true),
		change(4, "update", "4", true), change(4, "update", "4", false))
	err := u.Finish(settledAs(map[row.Fingerprint]row.Status{1: row.Updated, 2: row.Rejected, 3: row.Unknown, 4: row.Failed}))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"update 4 5", "update 3 3?", "update 1 1"}, undoLines(t, path)); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestATornUndoFileHealsAndGoesOn(t *testing.T) {
	dir := t.TempDir()
	whole := filepath.Join(dir, "whole.csv")
	u := openUndo(t, whole, "operation", "id")
	appendChanges(t, u, change(1, "delete", "line\nbreak", false), change(2, "delete", "18", false))
	_ = u.Close()
	text, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	first := strings.Index(string(text), "\n") + 1
	second := strings.LastIndex(strings.TrimSpace(string(text)), "\n") + 1
	for cut := first; cut <= len(text); cut++ {
		path := filepath.Join(dir, "cut.csv")
		if err := os.WriteFile(path, text[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		u, err := OpenUndo(t.Context(), UndoOptions{Path: path, Columns: []string{"operation", "id"}, Begun: time.Unix(1, 0)})
		if err != nil {
			t.Fatalf("OpenUndo() of %d bytes = %v", cut, err)
		}
		if err := u.Append([]Change{change(3, "qualify", "19", false)}); err != nil {
			t.Fatal(err)
		}
		_ = u.Close()
		want := 1
		if cut >= second {
			want++
		}
		if cut == len(text) {
			want++
		}
		if got := undoLines(t, path); len(got) != want || !strings.HasPrefix(got[want-1], "qualify 19") {
			t.Fatalf("cut after %d of %d bytes and gone on: %q, want %d lines", cut, len(text), got, want)
		}
	}
}

func TestNewColumnsMakeRoomForThemselves(t *testing.T) {
	path := filepath.Join(t.TempDir(), "undo.csv")
	u := openUndo(t, path, "operation", "id")
	appendChanges(t, u, change(1, "update", "17", false))
	_ = u.Close()
	u = openUndo(t, path, "operation", "id", "meta:City")
	appendChanges(t, u, Change{Cells: map[string]string{"operation": "update", "id": "18", "meta:City": "=Utrecht"}, Key: Key{Row: 2}})
	_ = u.Close()
	want := [][]string{
		{"operation", "id", "meta:City", "change", "row_key"},
		{"update", "17", "", "1", "x0000000000000001"},
		{"update", "18", "'=Utrecht", "2", "x0000000000000002"},
	}
	if diff := cmp.Diff(want, read(t, path)); diff != "" {
		t.Errorf("file (-want +got):\n%s", diff)
	}
}

// A torn end is cut off; what stands before lines that can be read was spoilt
// by somebody, and cutting it off would lose the rest.
func TestADamagedMiddleOfTheUndoFileIsRefusedWithItsLine(t *testing.T) {
	for _, test := range []struct{ old, damaged string }{
		{"delete,18,2,", "delete,18,"},
		{"delete,18,2,", "delete,18,two,"},
		{"delete,18,2,", "delete,1\"8,2,"},
		{"delete,18,2,", "delete,\"18,2,"},
		{"delete,18,2,", "\x00\x00\x00"},
	} {
		path := filepath.Join(t.TempDir(), "undo.csv")
		u := openUndo(t, path, "operation", "id")
		appendChanges(t, u, change(1, "delete", "17", false), change(2, "delete", "18", false), change(3, "delete", "19", false))
		_ = u.Close()
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		spoilt := strings.Replace(string(text), test.old, test.damaged, 1)
		if err := os.WriteFile(path, []byte(spoilt), 0o600); err != nil || spoilt == string(text) {
			t.Fatalf("spoiling %q as %q: %v", text, spoilt, err)
		}
		if _, err := OpenUndo(t.Context(), UndoOptions{Path: path, Columns: []string{"operation", "id"}, Begun: time.Unix(1, 0)}); err == nil || !strings.Contains(err.Error(), "line 3 is damaged") {
			t.Errorf("OpenUndo() of %q = %v, want line 3 named", spoilt, err)
		}
	}
}

// A torn line may have line breaks between its quotes.
func TestATornLineOfSeveralIsCutOffTheUndoFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "undo.csv")
	u := openUndo(t, path, "operation", "id")
	appendChanges(t, u, change(1, "delete", "17", false))
	_ = u.Close()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(slices.Clone(text), "delete,\"two\nlines, \"\"so\"\"\nand mo"...), 0o600); err != nil {
		t.Fatal(err)
	}
	openUndo(t, path, "operation", "id")
	if got, err := os.ReadFile(path); err != nil || string(got) != string(text) {
		t.Errorf("the undo file is %q, %v, want %q", got, err, text)
	}
}

func TestAFolderIsRefusedByTheFlagThatNamesIt(t *testing.T) {
	if _, err := OpenUndo(t.Context(), UndoOptions{Path: t.TempDir()}); err == nil || !strings.Contains(err.Error(), "--undo") {
		t.Errorf("OpenUndo() of a folder = %v, want an error that names --undo", err)
	}
	if _, err := Open(t.Context(), Options{Path: t.TempDir()}); err == nil || !strings.Contains(err.Error(), "--results") {
		t.Errorf("Open() of a folder = %v, want an error that names --results", err)
	}
}

func TestAnotherFileIsNeverTakenForAnUndoFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "customers.csv")
	if err := os.WriteFile(path, []byte("email\njane@example.com\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenUndo(t.Context(), UndoOptions{Path: path, Columns: nil, Begun: time.Unix(1, 0)}); err == nil || !strings.Contains(err.Error(), "not an undo file") {
		t.Errorf("OpenUndo() of a list of customers = %v, want a refusal", err)
	}
}
