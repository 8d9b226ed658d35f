package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/refbulk/refbulk/pkg/job"
)

func (p *program) runCommand() *cobra.Command {
	var plan bool
	c := &cobra.Command{
		Use:   "run JOB.toml",
		Short: "Run a saved job, such as every night from cron",
		Long: "Run the steps of a job file, one after the other. A step has the flags of import as its keys:\n\n" +
			"    limit = 300                     # what stands above the steps holds for all of them\n\n" +
			"    [[step]]\n" +
			"    import    = \"users\"\n" +
			"    file      = \"crm/export-*.csv\"    # the newest of a pattern\n" +
			"    operation = \"qualify\"\n" +
			"    campaign  = 4021\n" +
			"    results   = \"customers.results.csv\"\n" +
			"    report    = \"reports/{date}-{step}.html\"\n\n" +
			"Paths are relative to the job file. A flag of this command beats its variable, which beats the job file. Steps go on\n" +
			"after one that left rows to mend, and end with one that was stopped. A job file holds no token.\n\n" + exitHelp,
		Example: "  refbulk run nightly.toml --plan\n  refbulk run nightly.toml --sandbox=account.json\n  refbulk run nightly.toml --quiet",
		Args:    asUsed,
	}
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if err := p.fromEnvironment(cmd.Flags()); err != nil {
			return err
		}
		return p.runJob(cmd, args[0], plan)
	}
	c.Flags().SortFlags = false
	c.Flags().BoolVar(&plan, "plan", false, "say what every step would do; writes nothing")
	c.Flags().AddFlagSet(p.importCommand().Flags())
	return c
}

// step is a step of a job that is ready to run.
type step struct {
	job.Step
	command *cobra.Command
	file    string // of an import: a path or a pattern
	awaits  bool   // the file, which an earlier step writes
}

// runJob checks all steps, and runs them in order.
func (p *program) runJob(cmd *cobra.Command, path string, plan bool) error {
	j, wrong := job.Load(path)
	if j == nil {
		return usage(wrong)
	}
	steps, err := p.prepare(cmd, j, plan)
	if err := errors.Join(wrong, err); err != nil {
		return usage(err)
	}
	if plan { // an export changes nothing, and has none
		steps = slices.DeleteFunc(steps, func(s step) bool { return s.Command == "export" })
	}
	worst := ExitDone
	for n := range steps {
		p.announce(cmd, n, steps)
		p.step, p.code = steps[n].Name, ExitDone
		err := p.runStep(cmd, &steps[n])
		code := p.code
		if err != nil {
			code = codeOf(err)
		}
		if code != ExitDone && code != ExitMend {
			p.code = code
			return inStep(err, n, steps)
		}
		worst = max(worst, code)
	}
	p.code = worst
	return nil
}

// announce says which step is next, where text is read.
func (p *program) announce(cmd *cobra.Command, n int, steps []step) {
	flags := cmd.Flags()
	said := func(name string) bool { return flags.Lookup(name).Value.String() == "true" }
	own := steps[n].command.Flags()
	quiet := func(name string) bool { f := own.Lookup(name); return f != nil && f.Value.String() == "true" }
	if said("quiet") || said("json") || quiet("quiet") || quiet("json") || p.logJSON || len(steps) == 1 {
		return
	}
	if n > 0 {
		fmt.Fprintln(p.Out)
	}
	fmt.Fprintf(p.Out, "Step %d of %d, %s\n", n+1, len(steps), steps[n].Name)
}

// inStep says in which step of several an error came about.
func inStep(err error, n int, steps []step) error {
	if err == nil || len(steps) == 1 {
		return err
	}
	return fmt.Errorf("step %d, %s: %w", n+1, steps[n].Name, err)
}

// runStep finds the step's file and runs its command, as if it had been typed.
func (p *program) runStep(cmd *cobra.Command, s *step) error {
	args := []string{s.Resource}
	if s.Command == "import" {
		file, err := job.Newest(s.file)
		if err != nil && s.awaits && s.command.Name() == "plan" {
			_, err = fmt.Fprintf(p.Out, "%s is written by an earlier step, and can be planned when that has run.\n", s.file)
			return err
		}
		if err != nil {
			return usage(fmt.Errorf("the step has no file: %w", err))
		}
		args = append(args, file)
	}
	s.command.SetContext(cmd.Context())
	return s.command.RunE(s.command, args)
}

// prepare sets the flags of every step, and tells all that is wrong at once.
func (p *program) prepare(cmd *cobra.Command, j *job.Job, plan bool) ([]step, error) {
	var errs []error
	now := time.Now()
	steps := make([]step, 0, len(j.Steps))
	for _, s := range j.Steps {
		name := s.Command
		if plan && name == "import" {
			name = "plan"
		}
		if name == "" {
			continue // told by who read the file
		}
		ready := step{Step: s, command: p.fresh(name)}
		errs = append(append(errs, p.setFlags(cmd.Flags(), &ready, j, now)...), ready.findFile(j, steps, now))
		steps = append(steps, ready)
	}
	for _, name := range []string{"results", "undo", "report"} {
		if f := cmd.Flags().Lookup(name); f != nil && f.Changed && len(j.Steps) > 1 {
			errs = append(errs, fmt.Errorf("--%s is of one step, and %s has %d; say it in the job file", name, j.Path, len(j.Steps)))
		}
	}
	return steps, errors.Join(once(append(errs, outputsClash(steps)))...)
}

// once drops what is told already: what stands above the steps is checked for
// each of them.
func once(errs []error) []error {
	told := map[string]bool{}
	var all []error
	for _, err := range errs {
		if err != nil && !told[err.Error()] {
			told[err.Error()] = true
			all = append(all, err)
		}
	}
	return all
}

// fresh is a command whose flags nobody has set, nil when there is none of the
// name.
func (p *program) fresh(name string) *cobra.Command {
	for _, c := range p.root().Commands() {
		if c.Name() == name {
			return c
		}
	}
	return nil
}

// setFlags gives a step's command the flags of the command line, then the
// variables, then the job file's.
func (p *program) setFlags(line *pflag.FlagSet, s *step, j *job.Job, now time.Time) []error {
	flags := s.command.Flags()
	var errs []error
	line.Visit(func(f *pflag.Flag) {
		if own := flags.Lookup(f.Name); own != nil {
			errs = append(errs, copyFlag(flags, own, f))
		}
	})
	errs = append(errs, p.fromEnvironment(flags))
	for _, setting := range s.Settings {
		if setting.Shared && flags.Lookup(setting.Flag) == nil && p.known(setting.Flag) {
			continue // it is for other steps
		}
		if err := s.set(setting, j, now); err != nil {
			where := j.Path
			if setting.Line > 0 {
				where += fmt.Sprintf(": line %d", setting.Line)
			}
			errs = append(errs, fmt.Errorf("%s: %w", where, err))
		}
	}
	return errs
}

// known reports whether any step can have a flag.
func (p *program) known(flag string) bool {
	for _, name := range []string{"import", "export"} {
		if c := p.fresh(name); c != nil && c.Flags().Lookup(flag) != nil {
			return true
		}
	}
	return false
}

// set gives a flag the value of the job file, unless it has one already.
func (s *step) set(setting job.Setting, j *job.Job, now time.Time) error {
	flags := s.command.Flags()
	f := flags.Lookup(setting.Flag)
	if f == nil || f.Name == "help" {
		hint := fmt.Sprintf("see refbulk %s --help", s.Command)
		if better := strings.ReplaceAll(setting.Flag, "_", "-"); flags.Lookup(better) != nil {
			hint = "write it as " + better
		}
		return fmt.Errorf("there is no setting %q of %s; %s", setting.Flag, s.Command, hint)
	}
	if f.Changed {
		return nil
	}
	if _, many := f.Value.(pflag.SliceValue); len(setting.Values) != 1 && !many {
		return fmt.Errorf("%s takes one value", setting.Flag)
	}
	for _, value := range setting.Values {
		if isPath(f.Name) {
			var err error
			if value, err = path(f, value, s, j, now); err != nil {
				return fmt.Errorf("%s: %w", setting.Flag, err)
			}
		}
		if err := flags.Set(f.Name, value); err != nil {
			return wrongValue(setting.Flag, err)
		}
	}
	return nil
}

// copyFlag sets a flag to what another was set to.
func copyFlag(flags *pflag.FlagSet, own, from *pflag.Flag) error {
	many, ok := from.Value.(pflag.SliceValue)
	if !ok {
		return flags.Set(own.Name, from.Value.String())
	}
	own.Changed = true
	return own.Value.(pflag.SliceValue).Replace(many.GetSlice())
}

// isPath reports whether a flag names a file.
func isPath(name string) bool {
	return slices.Contains([]string{"token-file", "sandbox", "results", "undo", "report", "metrics-file", "notify-template", "output"}, name)
}

// path fills in a name of the job file, relative to where that stands.
func path(f *pflag.Flag, value string, s *step, j *job.Job, now time.Time) (string, error) {
	if f.Name == "sandbox" {
		var said sandboxValue
		_ = said.Set(value) // takes everything
		value = said.String()
	}
	if value == "" || value == f.NoOptDefVal {
		return value, nil
	}
	text, err := job.Expand(value, s.Name, now)
	return job.In(j.Dir(), text), err
}

// findFile finds out whether an import has a file, as far as that can be told
// before the steps in front of it have run.
func (s *step) findFile(j *job.Job, before []step, now time.Time) error {
	if s.Command != "import" {
		return nil
	}
	file, err := job.Expand(s.File, s.Name, now)
	if err != nil {
		return fmt.Errorf("%s: file: %w", j.Path, err)
	}
	s.file = job.In(j.Dir(), file)
	if s.file == "-" {
		return fmt.Errorf("%s: step %s: a job cannot read standard input; name a file", j.Path, s.Name)
	}
	if results := s.command.Flags().Lookup("results"); job.IsPattern(file) && results != nil && !results.Changed {
		return fmt.Errorf("%s: step %s: say with results where the results go: the newest of %q is another file every time, and what is done is known from one results file",
			j.Path, s.Name, s.File)
	}
	s.awaits = slices.ContainsFunc(before, s.isMadeBy)
	if _, err := job.Newest(s.file); err != nil && !(errors.Is(err, fs.ErrNotExist) && s.awaits) {
		return fmt.Errorf("%s: step %s: %w", j.Path, s.Name, err)
	}
	return nil
}

// isMadeBy reports whether an earlier step writes the file of this one.
func (s *step) isMadeBy(earlier step) bool {
	for _, name := range []string{"output", "results", "undo"} {
		f := earlier.command.Flags().Lookup(name)
		if f == nil || f.Value.String() == "" {
			continue
		}
		if match, err := filepath.Match(s.file, filepath.Clean(f.Value.String())); err == nil && match {
			return true
		}
	}
	return false
}

// outputsClash finds pages and exports that a later step would put another in
// place of.
func outputsClash(steps []step) error {
	seen := map[string]bool{}
	for _, s := range steps {
		for _, name := range []string{"report", "output"} {
			f := s.command.Flags().Lookup(name)
			if f == nil || f.Value.String() == "" || f.Value.String() == "-" {
				continue
			}
			if seen[f.Value.String()] {
				return fmt.Errorf("two steps write their %s into %s; put {step} into its name, or give each one of its own", name, f.Value)
			}
			seen[f.Value.String()] = true
		}
	}
	return nil
}
