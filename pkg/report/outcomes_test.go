package report

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/refbulk/refbulk/pkg/row"
)

const headerLine = "row,line,operation,target,status,id,code,url,http_status,attempts,error,finished_at,row_key,row_hash\n"

// write puts a results file into a folder of the test.
func write(t testing.TB, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "people.results.csv")
	if err := os.WriteFile(path, []byte(headerLine+strings.Join(lines, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// line is a line of a results file.
func line(n int, operation, status, problem, key string) string {
	return fmt.Sprintf("%d,%d,%s,email:p%d@example.com,%s,,,,,1,%s,2026-11-21T09:25:%02dZ,%s,0\n", n, n+1, operation, n, status, problem, n%60, key)
}

func outcomes(t testing.TB, lines ...string) *Outcomes {
	t.Helper()
	o, err := ReadOutcomes(write(t, lines...))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestTheLatestLineOfARowCounts(t *testing.T) {
	o := outcomes(t,
		line(2, "create", "unknown", "", "b"), line(1, "create", "failed", "", "a"),
		line(1, "create", "created", "", "a"), line(2, "create", "created", "", "b"), line(3, "create", "rejected", "no", "c"))
	if want := map[row.Status]int{row.Created: 2, row.Rejected: 1}; o.Rows != 3 || !cmp.Equal(o.Statuses, want) {
		t.Errorf("%d rows, statuses %v; want 3, %v", o.Rows, o.Statuses, want)
	}
}

func TestAByteOrderMarkIsNothingToStopAt(t *testing.T) {
	path := write(t, line(1, "create", "created", "", "a"))
	text, _ := os.ReadFile(path)
	if err := os.WriteFile(path, append([]byte("\ufeff"), text...), 0o600); err != nil {
		t.Fatal(err)
	}
	if o, err := ReadOutcomes(path); err != nil || o.Rows != 1 {
		t.Errorf("of a file that a spreadsheet saved: %+v, %v; want 1 row", o, err)
	}
}

func TestARehearsalIsToldApartFromARealRun(t *testing.T) {
	rehearsed := line(1, "create", "created", "", "sandbox-a")
	if o := outcomes(t, rehearsed); !o.Rehearsal || o.Rows != 1 {
		t.Errorf("of a rehearsal alone: rehearsal %v, %d rows", o.Rehearsal, o.Rows)
	}
	both := write(t, rehearsed, line(2, "create", "created", "", "a"), line(3, "create", "failed", "", "sandbox-c"))
	if o, err := ReadOutcomesOf(both, true); err != nil || o.Rows != 2 || o.Mend() != 1 {
		t.Errorf("asked for the rehearsal: %+v, %v", o, err)
	}
	o := outcomes(t, rehearsed, line(2, "create", "created", "", "a"))
	if o.Rehearsal || o.Rows != 1 || o.Rehearsed != 1 {
		t.Errorf("of both: rehearsal %v, %d rows, %d rehearsed; want the one real row", o.Rehearsal, o.Rows, o.Rehearsed)
	}
}

func TestALineThatIsCutOffIsLeftOutAndOneThatIsBrokenIsAnError(t *testing.T) {
	good := line(1, "create", "created", "", "a")
	for _, torn := range []string{"2,3,create", "2,3,\"cre"} {
		if o := outcomes(t, good, torn); !o.Torn || o.Rows != 1 {
			t.Errorf("with the end %q: torn %v, %d rows", torn, o.Torn, o.Rows)
		}
	}
	for _, broken := range []string{"2,3,create\n", "2\"x,3,create\n"} {
		if _, err := ReadOutcomes(write(t, broken, good)); err == nil || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("the broken line %q within gives %v", broken, err)
		}
	}
	if _, err := ReadOutcomes(write(t, line(1, "create", "done", "", "a"))); err == nil || !strings.Contains(err.Error(), `"done"`) {
		t.Errorf("a status that is none gives %v", err)
	}
}

func TestWhoIsAbsentNeedsMendingOnlyWhereThatIsAnError(t *testing.T) {
	o := outcomes(t, line(1, "qualify", "absent", "", "a"), line(2, "delete", "absent", "", "b"),
		line(3, "update", "absent", "", "c"), line(4, "unqualify", "absent", "", "d"), line(5, "credit", "absent", "", "e"))
	if o.Mend() != 3 || len(o.Causes) != 3 {
		t.Errorf("%d to mend of %d causes; want update, unqualify and credit", o.Mend(), len(o.Causes))
	}
}

func TestErrorsAreGroupedByTheirCause(t *testing.T) {
	invalid := func(value string) string {
		return `"column ""Email"": ""` + value + `"" is not an e-mail address; write it as name@example.com"`
	}
	o := outcomes(t,
		line(1, "create", "invalid", invalid("jane"), "a"), line(2, "create", "invalid", invalid("joe"), "b"),
		line(3, "create", "rejected", "jane@example.com is blocked since 2024 (HTTP 422)", "c"),
		line(4, "create", "invalid", invalid("leo"), "d"), line(5, "create", "rejected", "joe@example.com is blocked since 2025 (HTTP 422)", "e"),
		line(6, "create", "rejected", "joe@example.com is blocked since 2025 (HTTP 409)", "f"))
	type group struct{ what, advice, numbers string }
	var got []group
	for _, c := range o.Causes {
		got = append(got, group{c.What, c.Advice, c.Numbers.Text(9)})
	}
	want := []group{
		{`column "Email": "…" is not an e-mail address`, "write it as name@example.com", "1–2, 4"},
		{"… is blocked since … (HTTP 422)", remedy(row.Rejected), "3, 5"},
		{"joe@example.com is blocked since 2025 (HTTP 409)", remedy(row.Rejected), "6"},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(group{})); diff != "" {
		t.Errorf("causes (-want +got):\n%s", diff)
	}
	if e := o.Causes[0].Example; e.Row != 1 || e.Line != 2 || e.Error != `column "Email": "jane" is not an e-mail address` {
		t.Errorf("the example is %+v", e)
	}
}

func TestOfACauseOnlyWhatDiffersIsLeftOut(t *testing.T) {
	invalid := func(n int, value string) string {
		return line(n, "credit", "invalid", `"column ""delta"": ""`+value+`"" is more than the $1,000.00 of one credit; divide it among several rows"`, fmt.Sprint("i", n))
	}
	blocked := func(n int, referrer string) string {
		return line(n, "create", "blocked", `"the referrer `+referrer+` is not in campaign 1; mend the address"`, fmt.Sprint("b", n))
	}
	for _, test := range []struct{ want, first, second string }{
		{`column "delta": "…" is more than the $1,000.00 of one credit`, invalid(1, "2000"), invalid(2, "3000")},
		{`column "delta": "2000" is more than the $1,000.00 of one credit`, invalid(1, "2000"), invalid(2, "2000")},
		{"the referrer … is not in campaign 1", blocked(1, "boss@example.com"), blocked(2, "chief@example.com")},
		{"the referrer boss@example.com is not in campaign 1", blocked(1, "boss@example.com"), blocked(2, "boss@example.com")},
		{"costs $… or …", line(1, "issue", "rejected", `"costs $1,000.50 or …"`, "a"), line(2, "issue", "rejected", "costs $3 or 4", "b")},
	} {
		if o := outcomes(t, test.first, test.second); len(o.Causes) != 1 || o.Causes[0].What != test.want {
			t.Errorf("causes are %+v, want one that says %q", o.Causes, test.want)
		}
	}
}

func TestARowWithTwoProblemsStandsUnderBoth(t *testing.T) {
	problem := (&row.Problem{Column: "A", Value: "x", Reason: "is wrong"}).String() + " · " + (&row.Problem{Column: "B", Value: "y", Reason: "is wrong"}).String()
	o := outcomes(t, line(1, "create", "invalid", `"`+strings.ReplaceAll(problem, `"`, `""`)+`"`, "a"))
	if len(o.Causes) != 2 || o.Mend() != 1 {
		t.Errorf("%d causes, %d rows to mend; want 2 and 1", len(o.Causes), o.Mend())
	}
}

func TestCausesAndTheirRowsAreBounded(t *testing.T) {
	var lines []string
	for n := range 3 * mostCauses {
		lines = append(lines, line(2*n+1, "create", "rejected", strings.Repeat("x", n+1), fmt.Sprint(n)))
	}
	for n := range 3 * mostRanges {
		lines = append(lines, line(10_000+2*n, "create", "failed", "again", fmt.Sprint("f", n)))
	}
	o := outcomes(t, lines...)
	if len(o.Causes) > mostCauses || len(o.Causes)+o.Further < 3*mostCauses {
		t.Errorf("%d causes and %d further rows", len(o.Causes), o.Further)
	}
	var n Numbers
	for i := range 3 * mostRanges {
		n.add(2*i + 1)
	}
	if got, want := n.Text(2), "1, 3 and 598 more"; got != want {
		t.Errorf("Text(2) = %q, want %q", got, want)
	}
}

// manyRows are enough to tell memory that grows with them from memory that does
// not.
const manyRows = 200_000

// manyResults is a results file of as many rows, all of them refused.
func manyResults(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "many.results.csv")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString(headerLine)
	for n := 1; n <= manyRows; n++ {
		fmt.Fprintf(&b, "%d,%d,create,email:p%d@example.com,rejected,,,,,1,p%d@example.com was refused,2026-11-21T09:25:44Z,%016x,0\n", n, n+1, n, n, n)
		if b.Len() > 1<<20 {
			if _, err := file.WriteString(b.String()); err != nil {
				t.Fatal(err)
			}
			b.Reset()
		}
	}
	if _, err := file.WriteString(b.String()); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// A million rows are read in a memory that does not hold them: the bound is a
// quarter of what the whole program may take.
func TestManyRowsAreReadInLittleMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("writes a file of 18 MB")
	}
	path := manyResults(t)
	live := func() int64 {
		var stats runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&stats)
		return int64(stats.HeapAlloc)
	}
	before := live()
	o, err := ReadOutcomes(path)
	if err != nil {
		t.Fatal(err)
	}
	grown := live() - before
	if o.Rows != manyRows || len(o.Causes) != 1 || o.Causes[0].Numbers.Text(1) != fmt.Sprintf("1–%d", manyRows) {
		t.Errorf("%d rows, %d causes", o.Rows, len(o.Causes))
	}
	if grown > 1<<20 {
		t.Errorf("what is kept of %d rows takes %d KiB, want 1024 at most", manyRows, grown>>10)
	}
	runtime.KeepAlive(o)
}
