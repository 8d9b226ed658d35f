package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/engine"
	"github.com/refbulk/refbulk/pkg/report"
	"github.com/refbulk/refbulk/pkg/sheet"
)

// outlets are the places beside the terminal that are told of an import: a
// page, a file of metrics, an address.
type outlets struct {
	*importing
	calls    *report.Calls
	notifier *report.Notifier // nil = nobody is told
	posting  sync.WaitGroup
	summary  *report.Summary // nil until the import has come to its end
}

// openOutlets finds out before anything is sent whether they can be reached
// at all. A plan tells nobody.
func (i *importing) openOutlets() (*outlets, error) {
	o := &outlets{importing: i, calls: report.NewCalls(i.began, i.flags.account.limit, i.flags.account.window)}
	f := &i.flags.output
	if i.flags.account.readOnly {
		return o, nil
	}
	for _, file := range []struct{ flag, path string }{{"--report", f.report}, {"--metrics-file", f.metrics}} {
		if file.path == "" {
			continue
		}
		whole, err := sheet.Create(file.path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w; name another place", file.flag, err)
		}
		_ = whole.Close()
	}
	if f.notifyURL == "" {
		return o, nil
	}
	body := ""
	if f.notifyTemplate != "" {
		text, err := os.ReadFile(f.notifyTemplate)
		if err != nil {
			return nil, fmt.Errorf("reading the template of --notify-template: %w", err)
		}
		body = string(text)
	}
	notifier, err := report.NewNotifier(f.notifyURL, body)
	if err != nil {
		return nil, err
	}
	if i.flags.account.sandbox != "" && !notifier.Local() {
		i.event("a rehearsal sends nothing off this machine: --notify-url is told nothing")
		return o, nil
	}
	o.notifier = notifier
	return o, nil
}

// observe counts a call for the page.
func (o *outlets) observe(ctx context.Context, c api.Call) {
	o.calls.Add(report.Call{Row: engine.RowOf(ctx), Method: c.Method, Status: c.Status, Left: c.Left, Took: c.Took})
}

// begin tells that rows are about to be sent.
func (o *outlets) begin() {
	s := o.importing.summary(engine.Totals{Rows: o.survey.Rows, NotReached: o.survey.Rows})
	o.event("begun", "rows", s.Rows, "settled", s.Settled, "due", o.survey.Due, "invalid", o.survey.Invalid, "duplicate", o.survey.Duplicate)
	o.post(report.Notice{Event: "started", Text: fmt.Sprintf("refbulk %s: started, %d rows of %s.", o.stepName(), s.Rows, s.Input), Summary: s})
}

// post sends a notice beside the run. That it does not arrive is a warning.
func (o *outlets) post(n report.Notice) {
	if o.notifier == nil {
		return
	}
	n.Step, n.Time = o.stepName(), time.Now().Round(time.Second)
	o.posting.Go(func() {
		if err := o.notifier.Post(context.Background(), n); err != nil {
			o.log.Warn(err.Error())
		}
	})
}

// end tells what became of the import, whose error is err. It gives the error
// back, or one of its own where there was none.
func (o *outlets) end(err error) error {
	if o.flags.account.readOnly {
		return err
	}
	code := o.code
	if err != nil {
		code = codeOf(err)
	}
	s := o.outcome(code)
	notice := report.Notice{Event: "finished", Summary: s, Text: fmt.Sprintf("refbulk %s: %s", o.stepName(), s.Sentence())}
	if err != nil {
		notice.Error, _, _ = strings.Cut(err.Error(), "\n")
		notice.Text = fmt.Sprintf("refbulk %s: %s", o.stepName(), notice.Error)
	}
	o.tellLog(s, notice.Error)
	o.posting.Wait() // what is told last arrives last
	o.post(notice)
	errs := []error{err, o.writeReport(), o.writeMetrics(s)}
	o.posting.Wait()
	if o.notifier != nil {
		o.notifier.Close()
	}
	return errors.Join(errs...)
}

// outcome is the summary of the import, as far as it came.
func (o *outlets) outcome(code ExitCode) *report.Summary {
	s := o.summary
	switch {
	case s != nil:
	case o.account != nil && o.survey != nil:
		s = o.importing.summary(engine.Totals{Rows: o.survey.Rows, NotReached: o.survey.Rows})
	default:
		s = &report.Summary{
			Command: "import", Provider: o.flags.account.provider, Resource: o.flags.resource, Input: o.flags.file,
			Results: o.flags.resultsPath(), Statuses: map[string]int{}, DurationSeconds: time.Since(o.began).Seconds(),
		}
	}
	s.ExitCode = int(code)
	return s
}

// tellLog is the event that ends an import. Trouble is told with --quiet too.
func (o *outlets) tellLog(s *report.Summary, problem string) {
	attrs := []any{
		"step", o.stepName(), "rows", s.Rows, "statuses", s.Statuses, "not_reached", s.NotReached, "to_mend", s.Mend,
		"requests", s.Requests.Total, "retries", s.Requests.Retries, "throttled", s.Requests.Throttled,
		"waited_seconds", s.WaitedSeconds, "duration_seconds", s.DurationSeconds, "exit_code", s.ExitCode,
	}
	if s.Stopped != nil {
		attrs = append(attrs, "stopped", *s.Stopped)
	}
	switch {
	case problem != "": // it is told by who ends the program
	case s.ExitCode != int(ExitDone) && o.flags.output.logFormat == "json":
		o.log.Warn("ended", attrs...)
	default:
		o.event("ended", attrs[2:]...)
	}
}

// stepNameOr is the name of the job's step that runs, or the other name for a
// command of its own.
func (p *program) stepNameOr(otherwise string) string {
	if p.step != "" {
		return p.step
	}
	return otherwise
}

// stepName is what the metrics and notices call this import: the same every
// night.
func (i *importing) stepName() string { return i.stepNameOr("import " + i.flags.resource) }

// writeReport writes the page, when there are results to tell of.
func (o *outlets) writeReport() error {
	path := o.flags.output.report
	if path == "" || o.summary == nil {
		return nil
	}
	shown := *o.summary
	if shown.Continue != "" {
		shown.Continue = "refbulk " + shellQuote(shareable(o.continuing(&shown)))
	}
	run := &report.Run{Summary: &shown, Calls: o.calls, Began: o.began, Made: time.Now(), Version: version()}
	var err error
	if run.Outcomes, err = report.ReadOutcomesOf(o.flags.resultsPath(), o.summary.Sandbox); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	if _, err := os.Stat(o.flags.undoPath()); err == nil {
		run.Undo = o.flags.undoPath()
	}
	return writeWhole(path, run.HTML)
}

// shareable is a command line as it may stand on a page that goes round: an
// address may be what lets one in.
func shareable(args []string) []string {
	shown := slices.Clone(args)
	for i, arg := range shown {
		if at := strings.Index(arg, "://"); at >= 0 {
			shown[i] = arg[:at] + "://…"
		}
	}
	return shown
}

// writeMetrics writes the metrics of this import, and of the steps before it
// that named the same file. A rehearsal leaves those of real runs alone: it would
// switch off the alert for a missed night.
func (o *outlets) writeMetrics(s *report.Summary) error {
	path := o.flags.output.metrics
	if path == "" {
		return nil
	}
	rehearsed := o.flags.account.sandbox != ""
	if former, err := os.ReadFile(path); rehearsed && err == nil && !bytes.HasPrefix(former, []byte(ofRehearsal)) {
		o.log.Info("a rehearsal is no run that somebody waits for: --metrics-file is left as it is")
		return nil
	}
	sample := report.Sample{Step: o.stepName(), Summary: s, Ended: time.Now()}
	switch ExitCode(s.ExitCode) {
	case ExitDone, ExitMend:
		sample.LastSuccess = sample.Ended
	default:
		if former, err := os.Open(path); err == nil {
			sample.LastSuccess = report.LastSuccess(former, sample)
			_ = former.Close()
		}
	}
	if o.samples == nil {
		o.samples = map[string][]report.Sample{}
	}
	o.samples[path] = append(o.samples[path], sample)
	// The collector runs as another user, and there is nobody's data in it.
	if err := writeWhole(path, func(w io.Writer) error {
		if rehearsed {
			if _, err := io.WriteString(w, ofRehearsal); err != nil {
				return err
			}
		}
		return report.Metrics(w, o.samples[path])
	}); err != nil {
		return err
	}
	return os.Chmod(path, 0o644)
}

// ofRehearsal is the first line of metrics that a rehearsal wrote.
const ofRehearsal = "# of a rehearsal\n"

// writeWhole writes a file that appears whole, or not at all.
func writeWhole(path string, write func(io.Writer) error) error {
	whole, err := sheet.Create(path)
	if err != nil {
		return err
	}
	defer whole.Close()
	if err := write(whole); err != nil {
		return fmt.Errorf("writing %q: %w", path, err)
	}
	return whole.Commit()
}
