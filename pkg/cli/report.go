package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/refbulk/refbulk/pkg/ledger"
	"github.com/refbulk/refbulk/pkg/report"
)

func (p *program) reportCommand() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use:   "report RESULTS.csv",
		Short: "Say what a results file tells: as text, or as a page with -o report.html",
		Long: "Read a results file, also that of a run that is under way or was killed, and say what became of the rows, of what\n" +
			"they failed, what to do about it, and how the next run will go on. Nothing is sent, and nothing but the page is\n" +
			"written: one file that needs no network and no script.\n\n" + exitHelp,
		Example: "  refbulk report customers.results.csv\n  refbulk report customers.results.csv -o report.html",
		Args:    asUsed,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := p.fromEnvironment(cmd.Flags()); err != nil {
				return err
			}
			return p.report(args[0], out)
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", "write a page into this file, whose name ends in .html; - for standard output (default text)")
	return c
}

func (p *program) report(path, out string) error {
	if out != "-" {
		if err := errors.Join(checkPage("-o", out), haveFolders(named{"-o", out}), differ(named{"RESULTS.csv", path}, named{"-o", out})); err != nil {
			return usage(err)
		}
	}
	outcomes, err := report.ReadOutcomes(path)
	if err != nil {
		return usage(fmt.Errorf("%s: %w", path, err))
	}
	outcomes.Unended = outcomes.Unended || ledger.Unended(path)
	if out == "" {
		return outcomes.Text(p.Out)
	}
	run := &report.Run{Summary: outcomes.Summary(), Outcomes: outcomes, Made: time.Now(), Version: version()}
	for _, file := range []struct {
		ending string
		path   *string
	}{{".failed.csv", &run.Summary.Failed}, {".undo.csv", &run.Undo}} {
		beside := strings.TrimSuffix(stem(path), ".results") + file.ending
		if isFile(beside) {
			*file.path = beside
		}
	}
	if out == "-" {
		return run.HTML(p.Out)
	}
	return writeWhole(out, func(w io.Writer) error { return run.HTML(w) })
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
