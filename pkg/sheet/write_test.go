package sheet

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

func TestGuard(t *testing.T) {
	for _, tc := range []struct{ cell, want string }{
		{"", ""}, {"Ann", "Ann"}, {"a=b", "a=b"}, {"'t Hooft", "'t Hooft"}, {"'", "'"},
		{"=1+1", "'=1+1"}, {"+44 1", "'+44 1"}, {"-5", "'-5"}, {"@ann", "'@ann"}, {"\tx", "'\tx"}, {"\rx", "'\rx"},
		{"'=1", "''=1"}, {"''-5", "'''-5"},
	} {
		if got := Guard(tc.cell); got != tc.want {
			t.Errorf("Guard(%q) = %q, want %q", tc.cell, got, tc.want)
		}
		if got := Unguard(tc.want); got != tc.cell {
			t.Errorf("Unguard(%q) = %q, want %q", tc.want, got, tc.cell)
		}
	}
}

func TestWriter(t *testing.T) {
	var b bytes.Buffer
	w, err := NewWriter(&b, []string{"email", "note"})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write([]string{"ann@example.com", "=HYPERLINK(\"x\")"}); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	want := "email,note\nann@example.com,\"'=HYPERLINK(\"\"x\"\")\"\n"
	if b.String() != want {
		t.Errorf("wrote %q, want %q", b.String(), want)
	}
}

func TestWholeAppearsWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.csv")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := w.Write([]byte("new")); err != nil {
		t.Fatal(err)
	}
	if got := readString(t, path); got != "old" {
		t.Errorf("before Commit the file has %q, want %q", got, "old")
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if got := readString(t, path); got != "new" {
		t.Errorf("after Commit the file has %q, want %q", got, "new")
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if m := info.Mode().Perm(); m != 0o600 && runtime.GOOS != "windows" {
		t.Errorf("mode is %o, want 600", m)
	}
	if _, err := w.Write(nil); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Write after Commit = %v, want fs.ErrClosed", err)
	}
	onlyFile(t, path)
}

func TestAnErrorOfWholeNamesTheFileThatWasMeant(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nowhere", "results.csv")
	_, err := Create(path)
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), ".tmp") {
		t.Errorf("Create in a folder that is not there = %v, want the path and no temporary file", err)
	}
}

func TestWholeClosedLeavesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.csv")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("new")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Commit after Close = %v, want fs.ErrClosed", err)
	}
	if got := readString(t, path); got != "old" {
		t.Errorf("the file has %q, want %q", got, "old")
	}
	onlyFile(t, path)
}

func TestSpool(t *testing.T) {
	path, cleanup, err := Spool(strings.NewReader("email\n"), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if got := readString(t, path); got != "email\n" {
		t.Errorf("the file has %q", got)
	}
	if err := cleanup(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after cleanup: %v, want fs.ErrNotExist", err)
	}
}

func TestSpoolLeavesNothingWhenReadingFails(t *testing.T) {
	dir, lost := t.TempDir(), errors.New("connection lost")
	if _, _, err := Spool(iotest.ErrReader(lost), dir); !errors.Is(err, lost) {
		t.Errorf("Spool = %v, want %v", err, lost)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func readString(t *testing.T, path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// onlyFile checks that nothing but path stands in its folder.
func onlyFile(t *testing.T, path string) {
	all, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 1 || all[0].Name() != filepath.Base(path) {
		t.Errorf("beside %s there is %v", path, all)
	}
}
