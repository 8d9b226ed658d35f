package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/engine"
	"github.com/refbulk/refbulk/pkg/report"
	"github.com/refbulk/refbulk/pkg/retry"
)

// ask has a person agree to what destroys something, and refuses it where
// nobody can be asked. Waiting for the answer ends with intake.
func (i *importing) ask(intake context.Context) error {
	if err := i.rows.Consent(i.survey.Notify); err != nil {
		return usage(err)
	}
	if len(i.survey.Asks) == 0 || i.flags.yes {
		return nil
	}
	of := "people"
	if i.flags.resource != "users" {
		of = i.flags.resource
	}
	question := fmt.Sprintf("%s of the %s in %s", strings.Join(i.asked(), " and "), of, i.flags.file)
	if !i.InTerminal || i.flags.file == "-" {
		return usage(fmt.Errorf("this would %s, which cannot be taken back by itself; say --yes if that is meant", question))
	}
	fmt.Fprintf(i.meter.screen, "This will %s. Go on? Type yes: ", question)
	answer, _ := bufio.NewReader(until(intake, i.In)).ReadString('\n')
	if intake.Err() != nil {
		return halted(context.Cause(intake))
	}
	if strings.TrimSpace(strings.ToLower(answer)) != "yes" {
		return usage(errors.New("not agreed to; nothing was sent"))
	}
	return nil
}

// asked is what a person has to agree to, by what is done: all that an update
// destroys is a qualification.
func (i *importing) asked() []string {
	counts := map[string]int{}
	for operation, n := range i.survey.Asks {
		if operation == "update" || operation == "upsert" {
			operation = "unqualify"
		}
		counts[operation] += n
	}
	var what []string
	for _, operation := range slices.Sorted(maps.Keys(counts)) {
		what = append(what, fmt.Sprintf("%s %d", operation, counts[operation]))
	}
	return what
}

func isCredentials(err error) bool {
	status := api.StatusOf(err)
	return status == http.StatusUnauthorized || status == http.StatusForbidden
}

// finish rewrites the results, says what became of the run, and sets the exit
// code.
func (i *importing) finish(stopped *retry.Stop) error {
	if err := i.keepMendedSince(); err != nil {
		return nothingLost(err)
	}
	totals, err := i.engine.Finish(i.survey, i.file.Header(), i.carry, i.flags.failedPath())
	if err != nil {
		return nothingLost(err)
	}
	s := i.summary(totals)
	if stopped != nil {
		s.Stopped, s.Beyond = &stopped.Reason, false
	}
	code := i.exitCode(s, totals)
	s.ExitCode = int(code)
	if code == ExitStopped {
		s.Continue = "refbulk " + shellQuote(withoutPasswords(i.continuing(s)))
	}
	i.code = code
	if s.Mend > 0 {
		outcomes, err := report.ReadOutcomesOf(i.flags.resultsPath(), s.Sandbox)
		if err != nil {
			return err
		}
		s.Causes = outcomes.Causes
	}
	i.outlets.summary = s
	if !s.AddsUp() {
		return fmt.Errorf("%d rows were read, but the results account for %d: this is a fault of refbulk; the results file is complete as far as it goes", totals.Rows, totals.Sum())
	}
	switch {
	case i.flags.output.json:
		return s.JSON(i.Out)
	case i.flags.output.quiet && code == ExitDone:
		return nil
	case i.flags.output.quiet && i.flags.output.logFormat == "json":
		return nil // the log tells it
	case i.flags.output.quiet:
		_, err := fmt.Fprintf(i.Err, "refbulk: %s\n", s.Sentence())
		return err
	}
	return s.Text(i.Out)
}

// continuing are the arguments that take the run on: the same, but for a
// trial that can get no further.
func (i *importing) continuing(s *report.Summary) []string {
	if !s.Beyond {
		return i.args
	}
	var rest []string
	for n := 0; n < len(i.args); n++ {
		switch {
		case i.args[n] == "--first":
			n++
		case !strings.HasPrefix(i.args[n], "--first="):
			rest = append(rest, i.args[n])
		}
	}
	if len(rest) == len(i.args) { // it stands in a variable, or in a job file
		rest = append(rest, "--first=all")
	}
	return rest
}

func (i *importing) exitCode(s *report.Summary, t engine.Totals) ExitCode {
	switch {
	case !s.AddsUp():
		return ExitInternal
	case s.Stopped != nil:
		return ExitStopped
	case t.NeedMending() > 0:
		return ExitMend
	case t.NotReached > 0:
		return ExitStopped
	}
	return ExitDone
}

func (i *importing) summary(t engine.Totals) *report.Summary {
	calls, gate := i.account.client.Stats(), i.account.gate.Stats()
	s := &report.Summary{
		Command: "import", Provider: i.flags.account.provider, Resource: i.flags.resource,
		Input: i.flags.file, Results: i.flags.resultsPath(),
		Rows: t.Rows, Statuses: report.Counts(t.Statuses), NotReached: t.NotReached, Settled: i.survey.Settled, Mend: t.NeedMending(),
		Requests: report.Requests{
			Total: calls.Reads + calls.Writes, Reads: calls.Reads, Writes: calls.Writes,
			Retries: i.account.loop.Retries(), Throttled: calls.Throttled,
		},
		WorstWindow: gate.WorstWindow, WaitedSeconds: gate.Waited.Seconds(), DurationSeconds: time.Since(i.began).Seconds(),
		Limit: i.flags.account.limit, Window: i.flags.account.window, Sandbox: i.flags.account.sandbox != "",
		HeldBack: i.flags.strict && i.survey.Invalid > 0,
	}
	s.Beyond = i.flags.first > 0 && t.NotReached > 0 && !s.HeldBack
	if t.Failed > 0 {
		s.Failed = i.flags.failedPath()
	}
	return s
}

// withoutPasswords is a command line without what lets one into a Redis: a
// summary goes into logs and mails.
func withoutPasswords(args []string) []string {
	shown := slices.Clone(args)
	for i, arg := range shown {
		scheme, rest, _ := strings.Cut(arg, "://")
		login := rest
		if end := strings.IndexAny(rest, "/?#"); end >= 0 && !strings.HasSuffix(scheme, "redis") && !strings.HasSuffix(scheme, "rediss") {
			login = rest[:end] // a web address may well have an @ in its path
		}
		if at := strings.LastIndex(login, "@"); at >= 0 {
			shown[i] = scheme + "://…" + rest[at:]
		}
	}
	return shown
}

// shellQuote writes arguments as a person would type them.
func shellQuote(args []string) string {
	quoted := make([]string, len(args))
	for i, a := range args {
		quoted[i] = a
		if a == "" || strings.ContainsAny(a, " \t\n'\"\\$&|;<>()*?[]#~`!{}") {
			quoted[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}
