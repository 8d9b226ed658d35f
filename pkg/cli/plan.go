package cli

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/refbulk/refbulk/pkg/engine"
	"github.com/refbulk/refbulk/pkg/fields"
	"github.com/refbulk/refbulk/pkg/progress"
	"github.com/refbulk/refbulk/pkg/report"
)

func (p *program) planCommand() *cobra.Command {
	return p.onFile(&importFlags{account: accountFlags{readOnly: true}}, (*importing).plan, cobra.Command{
		Use:   "plan RESOURCE FILE",
		Short: "Say what import would do, to whom, in how many requests and how long; writes nothing",
		Long: "Check every row of FILE, look up what the API holds, and say what import would do with the same flags.\n" +
			"Nothing is sent that changes anything, and no file is written. Exit 3 when rows need mending.\n\n" + exitHelp,
		Example: "  refbulk plan users customers.csv --campaign 1 --sandbox",
	})
}

// plan says what the import would do.
func (i *importing) plan(w ways) error {
	if err := i.look(w); err != nil {
		return err
	}
	shown := progress.Start(i.progressOptions())
	i.meter.set(shown)
	forecast, err := i.engine.Plan(w.calls, w.intake, i.survey)
	shown.Close()
	i.meter.set(nil)
	if err != nil {
		return called(i.account, err)
	}
	p := i.planned(forecast)
	i.code = ExitDone
	if mend := p.Mend; mend > 0 {
		i.code = ExitMend
	}
	p.ExitCode = int(i.code)
	switch {
	case i.flags.output.json:
		return p.JSON(i.Out)
	case i.flags.output.quiet && i.code == ExitDone:
		return nil
	}
	return p.Text(i.Out)
}

// planned puts the plan together.
func (i *importing) planned(f engine.Forecast) *report.Plan {
	t := engine.Totals{Rows: i.survey.Rows, Statuses: f.Statuses, Missing: f.Missing}
	t.NotReached = t.Rows - t.Sum()
	detected := i.file.Detected()
	p := &report.Plan{
		Summary: *i.summary(t), Operations: i.survey.Counts, WouldNotify: f.Notify,
		Detected: describe(detected.Format, detected.Encoding, detected.Delimiter, detected.Sheet, detected.HeaderLine),
		Notes:    append(i.notes(), i.readings...), Columns: columnList(i.columns),
	}
	p.Command = "plan"
	p.EstimatedRequests = f.Writes + f.Reads
	if i.rows.ReadsFirst(i.file.Header()) {
		p.EstimatedRequests += int(p.Requests.Total)
	}
	p.EstimatedSeconds = report.Estimate(p.EstimatedRequests, i.flags.account.limit, i.flags.account.window, cmp.Or(i.flags.account.peak, usualPace)).Seconds()
	p.Problems, p.Doubts = problems(i.survey.Causes), problems(f.Doubts)
	if more := i.survey.OtherCauses; more > 0 {
		p.Notes = append(p.Notes, fmt.Sprintf("to mend, beside what is listed: %d further problems, each of another kind; an import gives every row its own", more))
	}
	p.Asks = i.asked()
	return p
}

func problems(causes []engine.Cause) (all []report.Problem) {
	for _, c := range causes {
		problem := report.Problem{Column: c.Column, Reason: c.Reason, Advice: c.Advice, Rows: c.Rows}
		for _, e := range c.Examples {
			problem.Examples = append(problem.Examples, report.Example{Row: e.Row, Line: e.Line, Value: e.Value})
		}
		all = append(all, problem)
	}
	return all
}

// usualPace is how many requests a second are answered while slots are free: by
// the vendor's usual answer of under a second and the usual number of workers,
// fewer than the gate's peak.
const usualPace = 20

func columnList(c fields.Columns) []report.Column {
	list := make([]report.Column, len(c.Headers))
	for i, field := range c.Names {
		list[i] = report.Column{Header: c.Heading(i), Field: field}
	}
	return list
}

// describe says what was found out about the file, and so what can be
// overruled.
func describe(format, encoding string, delimiter rune, sheet string, headerLine int) string {
	parts := []string{format}
	if encoding != "" {
		parts = append(parts, encoding)
	}
	switch delimiter {
	case 0:
	case '\t':
		parts = append(parts, "separated by tabs")
	default:
		parts = append(parts, fmt.Sprintf("separated by %q", string(delimiter)))
	}
	if sheet != "" {
		parts = append(parts, fmt.Sprintf("sheet %q", sheet))
	}
	return strings.Join(append(parts, fmt.Sprintf("header on line %d", headerLine)), ", ")
}
