package report

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/refbulk/refbulk/pkg/row"
)

// Sample is one run as a monitoring system is told of it.
type Sample struct {
	Step        string // what was run, the same every night
	Summary     *Summary
	Ended       time.Time
	LastSuccess time.Time // zero = never
}

// family is a metric: its name, what it means, and its values of a run.
type family struct {
	name, help string
	values     func(s Sample) []value
}

type value struct {
	label string // beyond the run's; "" = none
	v     float64
}

func one(v func(Sample) float64) func(Sample) []value {
	return func(s Sample) []value { return []value{{v: v(s)}} }
}

const lastSuccess = "refbulk_last_success_timestamp_seconds"

var families = []family{
	{"refbulk_rows", "Rows of the latest run's input, by what became of them.", func(s Sample) []value {
		var all []value
		for _, status := range row.Statuses() {
			all = append(all, value{`status="` + status.String() + `"`, float64(s.Summary.Statuses[status.String()])})
		}
		return append(all, value{`status="not_reached"`, float64(s.Summary.NotReached)})
	}},
	{"refbulk_rows_to_mend", "Rows of the latest run that somebody has to look at.", one(func(s Sample) float64 { return float64(s.Summary.Mend) })},
	{"refbulk_requests", "Requests of the latest run, by kind.", func(s Sample) []value {
		return []value{{`kind="read"`, float64(s.Summary.Requests.Reads)}, {`kind="write"`, float64(s.Summary.Requests.Writes)}}
	}},
	{"refbulk_retries", "Requests of the latest run that were tries after a first.", one(func(s Sample) float64 { return float64(s.Summary.Requests.Retries) })},
	{"refbulk_throttled", "Answers 429 of the latest run: requests over the rate limit.", one(func(s Sample) float64 { return float64(s.Summary.Requests.Throttled) })},
	{"refbulk_wait_seconds", "Time of the latest run in which the rate limit held it back.", one(func(s Sample) float64 { return s.Summary.WaitedSeconds })},
	{"refbulk_duration_seconds", "How long the latest run took.", one(func(s Sample) float64 { return s.Summary.DurationSeconds })},
	{"refbulk_exit_code", "Exit code of the latest run: 0 done, 1 internal, 2 usage, 3 rows to mend, 4 stopped early, 5 locked.", one(func(s Sample) float64 { return float64(s.Summary.ExitCode) })},
	{"refbulk_last_run_timestamp_seconds", "When the latest run ended, in seconds since 1970.", one(func(s Sample) float64 { return unix(s.Ended) })},
	{lastSuccess, "When a run last came to its end (exit code 0 or 3), in seconds since 1970; 0 when none has.", one(func(s Sample) float64 { return unix(s.LastSuccess) })},
}

func unix(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}

// Metrics writes runs in the text format of Prometheus, for the textfile
// collector.
func Metrics(w io.Writer, samples []Sample) error {
	var b strings.Builder
	for _, f := range families {
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s gauge\n", f.name, f.help, f.name)
		for _, s := range samples {
			for _, v := range f.values(s) {
				labels := s.labels()
				if v.label != "" {
					labels += "," + v.label
				}
				fmt.Fprintf(&b, "%s{%s} %s\n", f.name, labels, strconv.FormatFloat(v.v, 'f', -1, 64))
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (s Sample) labels() string {
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
	return fmt.Sprintf(`step="%s",command="%s",provider="%s",resource="%s"`,
		escape.Replace(s.Step), s.Summary.Command, escape.Replace(s.Summary.Provider), escape.Replace(s.Summary.Resource))
}

// LastSuccess finds in what Metrics wrote when the step of a sample last
// came to its end; zero when it never did.
func LastSuccess(r io.Reader, s Sample) time.Time {
	lines := bufio.NewScanner(r)
	prefix := lastSuccess + "{" + s.labels() + "} "
	for lines.Scan() {
		if text, ok := strings.CutPrefix(lines.Text(), prefix); ok {
			if v, err := strconv.ParseFloat(text, 64); err == nil && v > 0 {
				return time.UnixMilli(int64(v * 1000))
			}
		}
	}
	return time.Time{}
}
