package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/engine"
	"github.com/refbulk/refbulk/pkg/export"
	"github.com/refbulk/refbulk/pkg/recomly"
	"github.com/refbulk/refbulk/pkg/referralfactory"
	"github.com/refbulk/refbulk/pkg/report"
	"github.com/refbulk/refbulk/pkg/retry"
	"github.com/refbulk/refbulk/pkg/sheet"
)

// exportFlags are the flags of export.
type exportFlags struct {
	account accountFlags
	output  outputFlags

	path, campaign, role string
	qualified            optionalBool
	since                string
	analytics            bool
	metric, state        string
	maxDuration          time.Duration

	resource string
	format   export.Format
	day      time.Time // of since; zero for none
}

// optionalBool is a yes or no that may not be said at all.
type optionalBool struct{ value *bool }

// String implements pflag.Value.
func (b *optionalBool) String() string {
	if b.value == nil {
		return ""
	}
	return strconv.FormatBool(*b.value)
}

// Set implements pflag.Value.
func (b *optionalBool) Set(text string) error {
	yes, err := strconv.ParseBool(text)
	if err != nil {
		return fmt.Errorf("%q is neither true nor false", text)
	}
	b.value = &yes
	return nil
}

// Type implements pflag.Value.
func (*optionalBool) Type() string { return "bool" }

func (e *exportFlags) add(f *pflag.FlagSet) {
	f.StringVarP(&e.path, "output", "o", "", "the file to write; its ending .csv, .xlsx or .jsonl tells the format (default CSV to standard output)")
	f.StringVar(&e.campaign, "campaign", "", "only what is of this campaign")
	f.StringVar(&e.role, "type", "", "users: only person_referring or person_invited")
	f.Var(&e.qualified, "qualified", "users: only leads who are qualified; --qualified=false: only who is not")
	f.Lookup("qualified").NoOptDefVal = "true"
	f.StringVar(&e.since, "since", "", "only what came or changed on this day (2026-01-31) or later, or in the last days (7d)")
	f.BoolVar(&e.analytics, "with-analytics", false, "users and campaigns: with what they have brought")
	f.StringVar(&e.metric, "metric", "", "rewards: only amount, commission, coupon or custom")
	f.StringVar(&e.state, "state", "", "rewards: due (the default), issued, or dashboard for what is promised; referrals: pending, converted or expired")
	e.account.add(f)
	e.output.addShown(f)
	f.DurationVar(&e.maxDuration, "max-duration", 0, "stop, without a file, after this long (default none)")
}

// check finds what is wrong with the values, before anything else happens.
func (e *exportFlags) check(now time.Time) error {
	v, err := vendorNamed(e.account.provider)
	if err != nil {
		return err
	}
	if !slices.Contains(v.exports, e.resource) {
		return fmt.Errorf("there is no export of %q at %s; there is %s", e.resource, v.name, strings.Join(v.exports, ", "))
	}
	if err := errors.Join(e.account.check(v), e.output.check()); err != nil {
		return err
	}
	if e.path == "-" {
		e.path = ""
	}
	e.format = export.CSV
	if e.path != "" {
		if e.format, err = export.FormatOf(e.path); err != nil {
			return err
		}
	} else if e.output.json {
		return errors.New("--json prints to standard output, where the rows go; name a file for them with -o")
	}
	if err := haveFolders(named{"-o", e.path}); err != nil {
		return err
	}
	if err := differ(named{"-o", e.path}, named{"--token-file", e.account.tokenFile}, named{"--sandbox", e.account.sandbox}); err != nil {
		return err
	}
	if role := "person_" + e.role; role == referralfactory.Referring || role == referralfactory.Invited {
		e.role = role
	}
	e.day, err = firstDay(e.since, now)
	return err
}

// firstDay reads the day from which on something is wanted.
func firstDay(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day, nil
	}
	days, ok := strings.CutSuffix(text, "d")
	n, err := strconv.Atoi(days)
	if !ok || err != nil || n < 0 {
		return time.Time{}, fmt.Errorf("--since %q is no day; write it as 2026-01-31, or as 7d for the last seven days", text)
	}
	return now.UTC().Truncate(24*time.Hour).AddDate(0, 0, -n), nil
}

func (p *program) exportCommand() *cobra.Command {
	f := &exportFlags{}
	c := &cobra.Command{
		Use:   "export RESOURCE",
		Short: "Write what the API holds into a CSV, XLSX or JSON Lines file",
		Long: "Write what the API holds into a file that import takes back: its columns are those of import. The file appears\n" +
			"whole, or not at all; only on standard output a part of it may have been written when the export fails.\n\n" + exportHelp() + "\n" + exitHelp,
		Example: "  refbulk export users -o users.xlsx --campaign 4021\n" +
			"  refbulk export rewards --state due -o rewards.csv && refbulk import rewards rewards.csv --operation issue",
		Args: asUsed,
		ValidArgsFunction: func(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if v, err := vendorNamed(c.Flag("provider").Value.String()); err == nil && len(args) == 0 {
				return v.exports, cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := p.fromEnvironment(cmd.Flags()); err != nil {
				return err
			}
			f.resource = args[0]
			if err := f.check(time.Now()); err != nil {
				return usage(err)
			}
			return p.export(cmd.Context(), f)
		},
	}
	c.Flags().SortFlags = false
	f.add(c.Flags())
	return c
}

// exportHelp lists what can be exported.
func exportHelp() string {
	var b strings.Builder
	for _, v := range vendors {
		fmt.Fprintf(&b, "  %-17s %s\n", v.name, strings.Join(v.exports, ", "))
	}
	return b.String()
}

// exporting is one export under way.
type exporting struct {
	*program
	flags   *exportFlags
	log     *slog.Logger
	began   time.Time
	account *account
	calls   *report.Calls
	shown   *scanned
	rows    int
}

// export writes what the API holds.
func (p *program) export(ctx context.Context, f *exportFlags) (err error) {
	screen := newScreen(p.Err)
	e := &exporting{program: p, flags: f, log: newLog(&f.output, screen), began: time.Now()}
	e.calls = report.NewCalls(e.began, f.account.limit, f.account.window)
	e.shown = &scanned{exporting: e, screen: screen}
	w := watchSignals(ctx, f.maxDuration, func(string) { e.log.Warn("stopping: no file is written") }, e.shown.show)
	defer w.end()
	out, commit, discard, err := e.target()
	if err != nil {
		return usage(err)
	}
	defer discard()
	if e.account, err = p.openAccount(ctx, &f.account, e.log, e.observe); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.account.Close()) }()
	err = e.copy(w, out)
	e.shown.close()
	if w.calls.Err() != nil {
		err = halted(context.Cause(w.calls))
	}
	if err != nil {
		return err
	}
	if err := commit(); err != nil {
		return err
	}
	return e.finish()
}

// observe counts a call for the progress.
func (e *exporting) observe(_ context.Context, c api.Call) {
	e.calls.Add(report.Call{Method: c.Method, Status: c.Status, Left: c.Left, Took: c.Took})
}

// target opens the place for the rows: a file that appears whole, or standard
// output.
func (e *exporting) target() (out io.Writer, commit func() error, discard func(), err error) {
	if e.flags.path == "" {
		buffered := bufio.NewWriterSize(e.Out, 64<<10)
		return buffered, buffered.Flush, func() {}, nil
	}
	whole, err := sheet.Create(e.flags.path)
	if err != nil {
		return nil, nil, nil, err
	}
	return whole, whole.Commit, func() { _ = whole.Close() }, nil
}

// copy streams the rows.
func (e *exporting) copy(w ways, out io.Writer) error {
	try := func(op func(context.Context) error) error { return e.account.loop.Do(w.calls, w.intake, op) }
	source, err := e.account.client.Export(e.flags.resource, e.flags, try, e.log)
	if err != nil {
		if err = called(e.account, err); codeOf(err) == ExitInternal {
			err = usage(err) // what was asked for is not there
		}
		return err
	}
	rows, err := export.NewWriter(out, e.flags.format, source.Columns())
	if err != nil {
		return err
	}
	e.rows, err = export.Copy(rows, calling{source, e.account}, e.shown.add)
	return err
}

// calling is a source whose errors have their exit codes.
type calling struct {
	export.Source
	account *account
}

// Next implements export.Source.
func (c calling) Next() (export.Page, error) {
	page, err := c.Source.Next()
	if err != nil && err != io.EOF {
		err = called(c.account, err)
	}
	return page, err
}

// called gives an error of calls that only read its exit code: what can be
// tried again later, and what has to be set right first.
func called(a *account, err error) error {
	var stop *retry.Stop
	var gaveUp *retry.GaveUp
	switch {
	case errors.As(err, &stop) && isCredentials(stop.Err):
		what, look := a.vendor.refusal(stop.Err)
		return usage(fmt.Errorf("%s: %w\n%s", what, err, look))
	case errors.As(err, &stop):
		return halted(err)
	case errors.As(err, &gaveUp):
		return &failure{ExitStopped, fmt.Errorf("%w; run the same command again later", err)}
	case api.VerdictOf(err) != api.Refused:
		return err
	case api.StatusOf(err) == http.StatusNotFound && a.calledOnce() && a.rooted:
		return usage(fmt.Errorf("%w\nis --base-url the root of the API? It is usually %s", err, a.vendor.baseURL))
	}
	return usage(err)
}

func (a *account) calledOnce() bool {
	calls := a.client.Stats()
	return calls.Reads+calls.Writes == 1
}

// halted makes a sentence of an error that is the reason for which a command
// stopped with nothing to show.
func halted(err error) error {
	var stop *retry.Stop
	if !errors.As(err, &stop) {
		return err
	}
	return &failure{ExitStopped, fmt.Errorf("stopped early, %w; run the same command again", stop)}
}

// Export implements connection.
func (c referralFactoryConnection) Export(resource string, f *exportFlags, try engine.Try, log *slog.Logger) (export.Source, error) {
	campaign, err := (&importFlags{campaign: f.campaign}).campaignNumber()
	if err != nil {
		return nil, err
	}
	return c.Client.Export(resource, referralfactory.ExportOptions{
		Campaign: campaign, Role: f.role, Qualified: f.qualified.value, Since: f.day, Analytics: f.analytics,
		Metric: f.metric, State: f.state, Log: log,
	}, try)
}

// Export implements connection.
func (c recomlyConnection) Export(resource string, f *exportFlags, try engine.Try, log *slog.Logger) (export.Source, error) {
	if f.role != "" || f.qualified.value != nil || f.analytics || f.metric != "" {
		return nil, errors.New("--type, --qualified, --with-analytics and --metric are for referral-factory, not for recomly")
	}
	return c.Client.Export(resource, recomly.ExportOptions{Campaign: f.campaign, State: f.state, Since: f.day, Log: log}, try)
}
