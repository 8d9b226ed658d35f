// Package cli is the command line: flags, streams, signals and exit codes. It
// is the only package that knows all the others, and wires them together.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/refbulk/refbulk/pkg/ledger"
	"github.com/refbulk/refbulk/pkg/report"
	"github.com/refbulk/refbulk/pkg/retry"
)

// ExitCode is what the program returns to who called it.
type ExitCode int

// The exit codes of the contract.
const (
	ExitDone     ExitCode = 0 // every row settled
	ExitInternal ExitCode = 1 // internal or disk error
	ExitUsage    ExitCode = 2 // usage or configuration; nothing was sent
	ExitMend     ExitCode = 3 // finished; some rows need mending
	ExitStopped  ExitCode = 4 // stopped early; run again to continue
	ExitLocked   ExitCode = 5 // another run holds the results or undo file
)

const exitHelp = `Exit codes: 0 every row settled · 1 internal or disk error · 2 usage or configuration, nothing sent ·
3 finished, some rows need mending · 4 stopped early, run again to continue · 5 another run holds the results or undo file`

// Streams are the three standard streams, and whether each is a terminal.
type Streams struct {
	In                                   io.Reader
	Out, Err                             io.Writer
	InTerminal, OutTerminal, ErrTerminal bool
}

// System is the process's own streams.
func System() Streams {
	return Streams{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		InTerminal: term.IsTerminal(int(os.Stdin.Fd())), OutTerminal: term.IsTerminal(int(os.Stdout.Fd())), ErrTerminal: term.IsTerminal(int(os.Stderr.Fd())),
	}
}

// program is one call of refbulk.
type program struct {
	Streams
	args []string
	env  func(string) (string, bool)
	code ExitCode

	step    string                     // of a job that runs; "" for a command of its own
	samples map[string][]report.Sample // of the metrics, by file
	logJSON bool
}

// Main runs refbulk with the arguments after its name, and says what it should
// exit with.
func Main(args []string, streams Streams, env func(string) (string, bool)) ExitCode {
	p := &program{Streams: streams, args: args, env: env}
	root := p.root()
	root.SetArgs(args)
	if err := root.ExecuteContext(context.Background()); err != nil {
		p.complain(err)
		return codeOf(err)
	}
	return p.code
}

// complain says why the program ends, the way the log speaks.
func (p *program) complain(err error) {
	if !p.logJSON {
		fmt.Fprintf(p.Err, "refbulk: %v\n", err)
		return
	}
	newLog(&outputFlags{logFormat: "json"}, p.Err).Error(err.Error(), "exit_code", int(codeOf(err)))
}

// failure is an error that knows its exit code.
type failure struct {
	code ExitCode
	err  error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// usage marks an error as one of usage or configuration.
func usage(err error) error {
	if err == nil {
		return nil
	}
	return &failure{ExitUsage, err}
}

// codeOf finds the exit code of an error that ended the program.
func codeOf(err error) ExitCode {
	var f *failure
	var locked *ledger.LockedError
	var stop *retry.Stop
	var gaveUp *retry.GaveUp
	switch {
	case errors.As(err, &f):
		return f.code
	case errors.As(err, &locked):
		return ExitLocked
	case errors.As(err, &stop), errors.As(err, &gaveUp):
		return ExitStopped
	}
	return ExitInternal
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "refbulk",
		Short:         "Move people between spreadsheets and a referral programme, in bulk, inside its rate limit",
		Long:          "refbulk takes a spreadsheet as it is, sends its rows to a referral programme inside the rate limit, and records\none outcome per row. It can be stopped, killed and run again at any moment: the same command continues.\n\n" + exitHelp,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noSuchCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if wrong := (*pflag.InvalidValueError)(nil); errors.As(err, &wrong) {
			err = wrongValue("--"+wrong.GetFlag().Name, err)
		}
		return usage(fmt.Errorf("%w\nsee refbulk %s --help", err, strings.TrimPrefix(cmd.CommandPath(), "refbulk ")))
	})
	root.AddCommand(p.importCommand(), p.planCommand(), p.exportCommand(), p.runCommand(), p.reportCommand(), p.checkCommand(), p.templateCommand(), p.sandboxCommand(), p.versionCommand())
	p.completions(root)
	root.SetIn(p.In)
	root.SetOut(p.Out)
	root.SetErr(p.Err)
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd() // which writes where root does by now
	for _, c := range root.Commands() {
		switch c.Name() {
		case "help":
			c.Args = helpTopic
		case "completion":
			c.Args = noSuchCommand
			c.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
			for _, shell := range c.Commands() {
				wrapArgs(shell)
			}
		default:
			wrapArgs(c)
		}
	}
	return root
}

// noSuchCommand refuses what no command took.
func noSuchCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := "see " + c.CommandPath() + " --help"
	c.SuggestionsMinimumDistance = 2
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		hint = "is it " + strings.Join(near, " or ") + "?"
	}
	return usage(fmt.Errorf("there is no command %q of %s; %s", args[0], c.CommandPath(), hint))
}

// helpTopic refuses a command that help knows nothing of.
func helpTopic(c *cobra.Command, args []string) error {
	found, rest, err := c.Root().Find(args)
	if err != nil {
		return usage(err)
	}
	return noSuchCommand(found, rest)
}

// wrapArgs makes an error about arguments one of usage.
func wrapArgs(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(cmd *cobra.Command, args []string) error { return usage(check(cmd, args)) }
	}
}

// fromEnvironment gives every flag that was not set on the command line the
// value of REFBULK_<FLAG>, where there is one.
func (p *program) fromEnvironment(flags *pflag.FlagSet) error {
	var first error
	defer func() {
		if format := flags.Lookup("log-format"); format != nil {
			p.logJSON = format.Value.String() == "json"
		}
	}()
	flags.VisitAll(func(f *pflag.Flag) {
		name := "REFBULK_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		if value, ok := p.env(name); ok && !f.Changed && first == nil {
			if err := flags.Set(f.Name, value); err != nil {
				first = usage(wrongValue("the variable "+name, err))
			}
		}
	})
	return first
}

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Say which refbulk this is",
		Args:  asUsed,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(p.Out, version())
			return err
		},
	}
}

// version is the module's version, the commit it was built from where that is
// known, and the Go that built it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "refbulk, version unknown"
	}
	text := "refbulk " + info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			text += " " + s.Value[:min(12, len(s.Value))]
		}
		if s.Key == "vcs.modified" && s.Value == "true" {
			text += " (changed since)"
		}
	}
	return text + " " + info.GoVersion
}
