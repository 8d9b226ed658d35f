package report

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/refbulk/refbulk/pkg/row"
)

func metrics(t *testing.T, samples ...Sample) string {
	t.Helper()
	var b strings.Builder
	if err := Metrics(&b, samples); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var example = Sample{
	Step: "a \"b\"\\\n", Ended: time.Unix(1_800_000_000, 0), LastSuccess: time.UnixMilli(1_700_000_000_250),
	Summary: &Summary{Command: "import", Provider: "recomly", Resource: "advocates", Statuses: map[string]int{"created": 3}, NotReached: 2, ExitCode: 4},
}

func TestEveryMetricHasHelpATypeAndAValuePerRun(t *testing.T) {
	other := example
	other.Step = "other"
	text := metrics(t, example, other)
	sample := regexp.MustCompile(`^(\w+)\{(\w+="(?:[^"\\\n]|\\["\\n])*",?)+\} [0-9.]+$`)
	seen := map[string]int{}
	for l := range strings.Lines(text) {
		l = strings.TrimSuffix(l, "\n")
		if strings.HasPrefix(l, "#") {
			continue
		}
		m := sample.FindStringSubmatch(l)
		if m == nil {
			t.Fatalf("%q is no sample", l)
		}
		seen[m[1]]++
	}
	for _, f := range families {
		if !strings.Contains(text, "# HELP "+f.name+" ") || !strings.Contains(text, "# TYPE "+f.name+" gauge\n") || seen[f.name] == 0 {
			t.Errorf("%s lacks its help, its type or its value", f.name)
		}
	}
	if want := 2 * (len(row.Statuses()) + 1); seen["refbulk_rows"] != want {
		t.Errorf("there are %d values of refbulk_rows, want %d", seen["refbulk_rows"], want)
	}
}

func TestTheTimeOfTheLastSuccessIsFoundAgain(t *testing.T) {
	text := metrics(t, example)
	if got := LastSuccess(strings.NewReader(text), example); !got.Equal(example.LastSuccess) {
		t.Errorf("LastSuccess = %v, want %v", got, example.LastSuccess)
	}
	other := example
	other.Step = "other"
	if got := LastSuccess(strings.NewReader(text), other); !got.IsZero() {
		t.Errorf("another step's LastSuccess = %v, want none", got)
	}
}

func TestPrometheusTakesTheMetrics(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed")
	}
	cmd := exec.Command(promtool, "check", "metrics")
	cmd.Stdin = strings.NewReader(metrics(t, example))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
}
