package ledger

import (
	"context"
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/refbulk/refbulk/pkg/row"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// entry is an entry of the row with the given key.
func entry(n int, key row.Fingerprint, status row.Status) Entry {
	return Entry{
		Position: row.Position{Row: n, Line: n + 1}, Operation: "create", Target: "email:jane@example.com campaign:1",
		Outcome: row.Outcome{Status: status, ID: "17", Code: "ueON", URL: "https://example.com/ueON", HTTPStatus: 201, Attempts: 1, Finished: noon},
		Key:     Key{Row: key}, Content: row.FingerprintOf("content of", key.String()),
	}
}

func open(t testing.TB, path string) *Ledger {
	t.Helper()
	l, err := Open(context.Background(), Options{Path: path})
	if err != nil {
		t.Fatalf("Open(%s) = %v", path, err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func appendAll(t testing.TB, l *Ledger, entries ...Entry) {
	t.Helper()
	if err := l.Append(entries, true); err != nil {
		t.Fatalf("Append() = %v", err)
	}
}

// finish rewrites the file for rows with the given keys, in that order.
func finish(t testing.TB, l *Ledger, keys ...row.Fingerprint) map[row.Status]int {
	t.Helper()
	counts := map[row.Status]int{}
	err := l.Finish(nil, func(yield func(Row) error) error {
		for i, k := range keys {
			if err := yield(Row{Position: row.Position{Row: i + 1, Line: i + 2}, Key: l.Key(k)}); err != nil {
				return err
			}
		}
		return nil
	}, func(_ Row, s row.Status, _ string) error { counts[s]++; return nil })
	if err != nil {
		t.Fatalf("Finish() = %v", err)
	}
	return counts
}

func read(t testing.TB, path string) [][]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
	if err != nil {
		t.Fatalf("the results file is no CSV: %v\n%s", err, text)
	}
	return records
}

func TestTheResultsFileHasTheColumnsOfTheContract(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.csv")
	l := open(t, path)
	appendAll(t, l, entry(1, 0xabc, row.Created))
	want := [][]string{
		strings.Split("row,line,operation,target,status,id,code,url,http_status,attempts,error,finished_at,row_key,row_hash", ","),
		{"1", "2", "create", "email:jane@example.com campaign:1", "created", "17", "ueON", "https://example.com/ueON", "201", "1", "",
			"2026-03-01T12:00:00Z", "0000000000000abc", row.FingerprintOf("content of", "0000000000000abc").String()},
	}
	if diff := cmp.Diff(want, read(t, path)); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("the results file has mode %v, want 0600", info.Mode().Perm())
	}
}

func TestNothingIsCreatedBeforeTheFirstOutcome(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.csv")
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 0 {
		t.Errorf("opening and closing left %v behind (%v), want nothing", left, err)
	}
	finish(t, open(t, path))
	if got := len(read(t, path)); got != 1 {
		t.Errorf("a finished run without rows left %d lines, want the header alone", got)
	}
}

func TestTheLatestEntryOfARowCounts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.csv")
	l := open(t, path)
	first, second := entry(1, 7, row.Unknown), entry(1, 7, row.Created)
	second.Content++
	appendAll(t, l, first, entry(2, 8, row.Failed), second)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, path)
	status, content, ok := l.Last(l.Key(7))
	if status != row.Created || content != second.Content || !ok {
		t.Errorf("Last(7) = %v, %v, %v; want created, %v, true", status, content, ok, second.Content)
	}
	if _, _, ok := l.Last(l.Key(9)); ok {
		t.Error("Last(9) found a row that was never recorded")
	}
	got, err := l.LastEntry(l.Key(7))
	if diff := cmp.Diff(second, got); err != nil || diff != "" {
		t.Errorf("LastEntry(7): %v (-want +got):\n%s", err, diff)
	}
}

func TestAnotherFileIsNeverTakenForResults(t *testing.T) {
	path := filepath.Join(t.TempDir(), "customers.csv")
	for _, other := range []string{"email,first_name\njane@example.com,Jane\n", "email,first_name", "row;line\n", "row,linen"} {
		if err := os.WriteFile(path, []byte(other), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(context.Background(), Options{Path: path}); err == nil || !strings.Contains(err.Error(), "not a results file") {
			t.Errorf("Open() of %q = %v, want a refusal", other, err)
		}
		if text, _ := os.ReadFile(path); string(text) != other {
			t.Errorf("%q became %q", other, text)
		}
	}
}

func TestAFinishedFileIsInFileOrderWithGoneRowsBehind(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.csv")
	l := open(t, path)
	appendAll(t, l, entry(1, 1, row.Unknown), entry(2, 2, row.Created), entry(3, 3, row.Rejected), entry(1, 1, row.Created))
	counts := finish(t, l, 3, 1, 5)
	if diff := cmp.Diff(map[row.Status]int{row.Rejected: 1, row.Created: 1, row.Pending: 1}, counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	var got []string
	for _, record := range read(t, path)[1:] {
		got = append(got, strings.Join([]string{record[0], record[1], record[colStatus], record[colRowKey][15:]}, " "))
	}
	if diff := cmp.Diff([]string{"1 2 rejected 03", "2 3 created 01", "  created 02"}, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestWhatWasRehearsedSettlesNothingReal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.csv")
	rehearse := func() *Ledger {
		l, err := Open(context.Background(), Options{Path: path, Rehearsal: true})
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	l := rehearse()
	e := entry(1, 1, row.Created)
	e.Key = l.Key(1)
	appendAll(t, l, e)
	finish(t, l, 1)
	_ = l.Close()

	l = open(t, path)
	if s, _, ok := l.Last(l.Key(1)); ok {
		t.Errorf("a rehearsal settled the row as %v", s)
	}
	appendAll(t, l, entry(1, 1, row.Exists))
	finish(t, l, 1)
	_ = l.Close()
	if records := read(t, path); len(records) != 2 || records[1][colStatus] != "exists" {
		t.Errorf("after the real run the file holds %q, want its one outcome alone", records)
	}

	l = rehearse()
	finish(t, l, 1)
	_ = l.Close()
	if records := read(t, path); len(records) != 2 || records[1][colStatus] != "exists" {
		t.Errorf("after another rehearsal the file holds %q, want the real outcome still there", records)
	}
}

func TestASecondRunIsRefusedAndToldWhoHoldsTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.csv")
	first, err := Open(context.Background(), Options{Path: path, Owner: "process 12 on desk"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = Open(context.Background(), Options{Path: path, Owner: "process 13 on desk"})
	var locked *LockedError
	if !errors.As(err, &locked) || !strings.Contains(err.Error(), "process 12 on desk holds") {
		t.Errorf("Open() of a held file = %v, want a LockedError that names process 12", err)
	}
	done := make(chan error, 1)
	go func() {
		l, err := Open(context.Background(), Options{Path: path, LockTimeout: time.Minute})
		if err == nil {
			err = l.Close()
		}
		done <- err
	}()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("Open() that waits for the first run = %v, want nil", err)
	}
}

func TestWaitingForTheOtherRunEndsWithTheContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.csv")
	open(t, path)
	stopped := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stopped)
	if _, err := Open(ctx, Options{Path: path, LockTimeout: time.Hour}); !errors.Is(err, stopped) {
		t.Errorf("Open() of a held file under a context that ended = %v, want %v", err, stopped)
	}
}

// The law of the format: whatever an entry holds, it reads back the same, and
// every entry is one line.
func TestEntriesReadBackAsTheyWere(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.Custom(func(t *rapid.T) string {
			s := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune(`'"=+-@,;	`)))).Draw(t, "text")
			return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, ""), lineBreak), " ")
		})
		var want []Entry
		for i := range rapid.IntRange(1, 8).Draw(t, "entries") {
			want = append(want, Entry{
				Position: row.Position{Row: i + 1, Line: i + 2}, Operation: text.Draw(t, "operation"), Target: text.Draw(t, "target"),
				Outcome: row.Outcome{
					Status: rapid.SampledFrom(row.Statuses()).Draw(t, "status"), ID: text.Draw(t, "id"), Code: text.Draw(t, "code"), URL: text.Draw(t, "url"),
					HTTPStatus: rapid.IntRange(0, 599).Draw(t, "http"), Attempts: rapid.IntRange(0, 9).Draw(t, "attempts"), Error: text.Draw(t, "error"), Finished: noon,
				},
				Key:     Key{Row: row.Fingerprint(i), Rehearsal: rapid.Bool().Draw(t, "rehearsal")},
				Content: row.Fingerprint(rapid.Uint64().Draw(t, "content")),
			})
		}
		file, err := os.CreateTemp(dir, "*.csv")
		if err != nil {
			t.Fatal(err)
		}
		path := file.Name()
		_ = file.Close()
		l, err := Open(context.Background(), Options{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Append(want, false); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		var got []Entry
		if err := Read(path, func(e Entry) error { got = append(got, e); return nil }); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("Read (-want +got):\n%s", diff)
		}
		whole, _ := os.ReadFile(path)
		if lines := strings.Count(string(whole), "\n"); lines != len(want)+1 {
			t.Fatalf("%d entries take %d lines", len(want), lines)
		}
	})
}

func BenchmarkLoad(b *testing.B) {
	path := filepath.Join(b.TempDir(), "results.csv")
	l := open(b, path)
	const n = 100_000
	for i := 0; i < n; i += 1000 {
		var entries []Entry
		for k := range 1000 {
			entries = append(entries, entry(i+k+1, row.FingerprintOf(string(rune(i+k))), row.Created))
		}
		appendAll(b, l, entries...)
	}
	_ = l.Close()
	b.ReportAllocs()
	for b.Loop() {
		l, err := Open(context.Background(), Options{Path: path})
		if err != nil {
			b.Fatal(err)
		}
		_ = l.Close()
	}
	b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
