package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/refbulk/refbulk/pkg/engine"
	"github.com/refbulk/refbulk/pkg/fields"
	"github.com/refbulk/refbulk/pkg/ledger"
	"github.com/refbulk/refbulk/pkg/progress"
	"github.com/refbulk/refbulk/pkg/retry"
	"github.com/refbulk/refbulk/pkg/row"
	"github.com/refbulk/refbulk/pkg/sheet"
)

func (p *program) importCommand() *cobra.Command {
	return p.onFile(&importFlags{}, (*importing).run, cobra.Command{
		Use:   "import RESOURCE FILE",
		Short: "Send the rows of a file, and record one outcome per row",
		Long: "Send the rows of FILE (CSV, TSV or XLSX; - for standard input) and record one outcome per row beside it.\n" +
			"The same command again continues: rows that are done cost nothing.\n\nA column \"operation\" says row by row what to do, --operation for rows that do not.\n\n" + resourceHelp() + "\n" + exitHelp,
		Example: "  refbulk import users customers.csv --campaign 1 --sandbox\n  refbulk import users leads.xlsx --campaign 4021 --operation qualify",
	})
}

// onFile makes a command that does something with the rows of a file.
func (p *program) onFile(f *importFlags, do func(*importing, ways) error, c cobra.Command) *cobra.Command {
	c.Args = asUsed
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if err := p.fromEnvironment(cmd.Flags()); err != nil {
			return err
		}
		f.resource, f.file = args[0], args[1]
		if err := f.check(); err != nil {
			return usage(err)
		}
		return p.withImport(cmd.Context(), f, do)
	}
	c.Flags().SortFlags = false
	f.add(c.Flags())
	return &c
}

// importing is one import under way.
type importing struct {
	*program
	flags *importFlags
	log   *slog.Logger
	began time.Time

	account  *account
	file     *sheet.File
	isLong   bool        // the file
	failed   os.FileInfo // the file of rows to mend, as this run has found it; nil for none
	columns  fields.Columns
	carry    []int // places of the columns that the results file takes over
	rows     resource
	ledger   *ledger.Ledger
	engine   *engine.Engine
	survey   *engine.Survey
	readings []string // how ambiguous cells were read, the first of them
	meter    meter
	outlets  *outlets
	close    []func() error
}

// withImport opens everything an import needs, lets do work, and closes it
// again.
func (p *program) withImport(ctx context.Context, f *importFlags, do func(*importing, ways) error) (err error) {
	screen := newScreen(p.Err)
	i := &importing{program: p, flags: f, log: newLog(&f.output, screen), began: time.Now()}
	i.meter.screen = screen
	w := watchSignals(ctx, f.maxDuration, func(s string) { i.log.Warn(s) }, i.showProgress)
	defer w.end()
	if i.outlets, err = i.openOutlets(); err != nil {
		return usage(err)
	}
	defer func() { err = i.outlets.end(err) }()
	defer func() {
		for n := len(i.close) - 1; n >= 0; n-- {
			err = errors.Join(err, i.close[n]())
		}
	}()
	if err := i.open(w.intake); err != nil {
		return halted(err)
	}
	return do(i, w)
}

// run does the whole job, up to the exit code.
func (i *importing) run(w ways) error {
	if err := i.look(w); err != nil {
		return err
	}
	if err := i.ask(w.intake); err != nil {
		return err
	}
	if err := i.keepMended(); err != nil {
		return err
	}
	i.outlets.begin()
	stopped, err := i.send(w)
	if err != nil {
		return err
	}
	return i.finish(stopped)
}

// open opens everything that needs no call: the input, the account, the
// results file. What it waits for there, it waits for until ctx ends.
func (i *importing) open(ctx context.Context) error {
	path := i.flags.file
	if path == "-" {
		spooled, cleanup, err := sheet.Spool(until(ctx, i.In), "")
		if err != nil {
			return err
		}
		path = spooled
		i.close = append(i.close, cleanup)
	}
	mappings, err := i.flags.mappings()
	if err != nil {
		return usage(err)
	}
	v, err := vendorNamed(i.flags.account.provider)
	if err != nil {
		return usage(err)
	}
	o, err := i.flags.sheetOptions(v.known(i.flags.resource, mappings))
	if err != nil {
		return usage(err)
	}
	if i.file, err = sheet.Open(path, o); err != nil {
		return usage(err)
	}
	i.close = append(i.close, i.file.Close)
	if i.isLong = i.minds(path); i.isLong {
		beThrifty()
	}
	if i.carry, err = i.flags.carried(i.file.Header()); err != nil {
		return usage(err)
	}
	if i.account, err = i.openAccount(ctx, &i.flags.account, i.log, i.outlets.observe); err != nil {
		return err
	}
	i.close = append(i.close, i.account.Close)
	if err := i.setUp(); err != nil {
		return usage(err)
	}
	i.ledger, err = ledger.Open(ctx, ledger.Options{
		Path: i.flags.resultsPath(), Rehearsal: i.flags.account.sandbox != "",
		LockTimeout: i.flags.lockWait, Owner: owner(i.began), ReadOnly: i.flags.account.readOnly,
	})
	if err != nil {
		return unfitIsUsage(err)
	}
	i.close = append(i.close, i.ledger.Close)
	return nil
}

// setUp finds out what rows of the file mean.
func (i *importing) setUp() (err error) {
	if i.rows, err = i.account.client.Import(i.flags.resource, i.flags, i.log); err != nil {
		return err
	}
	i.account.loop.Probe = i.rows.Probe
	return nil
}

// look reads the campaigns and surveys the file.
func (i *importing) look(w ways) error {
	share, err := i.flags.share()
	if err != nil {
		return usage(err)
	}
	i.engine = engine.New(i.engineOptions(share))
	if i.flags.account.readOnly || i.rows.ReadsFirst(i.file.Header()) {
		if err := i.rows.Open(i.engine.Try(w.calls, w.intake)); err != nil {
			return called(i.account, err)
		}
	} else {
		i.log.Info("with --lookup off the campaign is not looked at: only the API tells whether it is there and what it asks for")
	}
	if i.columns, err = i.rows.Match(i.file.Header()); err != nil {
		return usage(i.onSheet(err))
	}
	if err := i.refuseRehearsed(); err != nil {
		return usage(err)
	}
	var undo errgroup.Group // after many changes its file is long, too
	if !i.flags.account.readOnly {
		undo.Go(func() error { return i.keepUndo(w.intake) })
		if ignored := i.columns.Ignored(); len(ignored) > 0 {
			i.log.Info("these columns fill no field and are ignored: " + strings.Join(ignored, ", "))
		}
	}
	i.survey, err = i.engine.Survey(w.intake)
	if undoErr := undo.Wait(); err == nil {
		err = undoErr
	}
	if err == nil && !i.flags.account.readOnly {
		for _, note := range i.notes() {
			i.log.Info("note: " + note)
		}
	}
	return halted(err)
}

// onSheet adds to what is wrong with the columns which sheet they are on, when
// there are others.
func (i *importing) onSheet(err error) error {
	d := i.file.Detected()
	if len(d.Others) == 0 {
		return err
	}
	return fmt.Errorf("%w\n  that is the sheet %q; to read another one, name it with --sheet: %s", err, d.Sheet, strings.Join(d.Others, ", "))
}

// notes say what a person should know of the file: how it was read, and what is
// in it that is no row.
func (i *importing) notes() []string { return slices.Concat(i.file.Detected().Notes, i.survey.Notes) }

// refuseRehearsed keeps a file that a rehearsal wrote, its undo file above
// all, from reaching the real account, where its ids are other people's.
func (i *importing) refuseRehearsed() error {
	column := slices.Index(i.file.Header(), "row_key")
	if column < 0 || i.flags.account.sandbox != "" {
		return nil
	}
	rows, err := i.file.Rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	for {
		record, err := rows.CSV().Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if key, err := ledger.ParseKey(record[column]); err == nil && key.Rehearsal {
			return fmt.Errorf("%s was written by a rehearsal (line %d): its ids name nobody, or somebody else, in the real account; use it with --sandbox, "+
				"or run the import that it belongs to once more without, which takes such lines out",
				i.flags.file, rows.Position().Line)
		}
	}
}

// keepUndo opens the file of rows that take changes back.
func (i *importing) keepUndo(ctx context.Context) error {
	undo, err := ledger.OpenUndo(ctx, ledger.UndoOptions{
		Path: i.flags.undoPath(), Columns: i.rows.UndoColumns(), Rehearsal: i.flags.account.sandbox != "", Begun: i.began,
		LockTimeout: i.flags.lockWait, Owner: owner(i.began),
	})
	if err != nil {
		return unfitIsUsage(err)
	}
	i.close = append(i.close, undo.Close)
	i.engine.KeepUndo(undo)
	return nil
}

// unfitIsUsage marks the error of a file that a person has named wrongly, or
// has to put right before anything is sent.
func unfitIsUsage(err error) error {
	if errors.As(err, new(*ledger.UnfitError)) {
		return usage(err)
	}
	return err
}

// observe notes how ambiguous cells were read, for the plan.
func (i *importing) observe(in *row.Intent) {
	const most = 20
	if i.account.vendor.readings == nil || len(i.readings) == most {
		return
	}
	for _, reading := range i.account.vendor.readings(in) {
		if len(i.readings) < most {
			i.readings = append(i.readings, fmt.Sprintf("row %d: %s", in.Row, reading))
		}
	}
}

func (i *importing) engineOptions(share float64) engine.Options {
	return engine.Options{
		Rows: i.file.Rows, Resource: i.rows, Ledger: i.ledger, Loop: i.account.loop, Progress: &i.meter, Log: i.log,
		Workers: i.flags.workers, First: i.flags.first, Strict: i.flags.strict,
		RetryRejected: i.flags.retryRejected, MaxRejected: share,
		Name: filepath.Base(i.flags.resultsPath()), Observe: i.observe,
		Begin: i.begin,
	}
}

// begin is called when the first row is about to be sent.
func (i *importing) begin() {
	if i.isLong {
		useRoom()
	}
}

// send runs what the survey found due. It returns why it stopped early, nil
// when it did not; its error is one that leaves no results to finish.
func (i *importing) send(w ways) (*retry.Stop, error) {
	if i.flags.account.peak == 0 {
		i.account.gate.Expect(i.survey.Due)
	}
	shown := progress.Start(i.progressOptions())
	i.meter.set(shown)
	err := i.engine.Run(w.calls, w.intake, i.survey)
	shown.Close()
	i.meter.set(nil)
	var stop *retry.Stop
	if errors.As(err, &stop) && isCredentials(stop.Err) {
		what, look := i.account.vendor.refusal(stop.Err)
		return &retry.Stop{Err: stop.Err, Reason: fmt.Sprintf("%s: %s; %s", what, stop.Reason, look)}, nil
	}
	if errors.As(err, &stop) {
		return stop, nil
	}
	if err != nil {
		return nil, nothingLost(err)
	}
	return nil, nil
}

// nothingLost adds to an error of the results what there is to do.
func nothingLost(err error) error {
	return fmt.Errorf("%w\nnothing is lost: run the same command again when this is mended", err)
}

// owner says who holds the results and the undo file.
func owner(began time.Time) string {
	host, err := os.Hostname()
	if err != nil {
		host = "this machine"
	}
	return fmt.Sprintf("process %d on %s, running since %s,", os.Getpid(), host, began.Format("15:04:05 on 2 January"))
}
