package cli

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

// asUsed refuses arguments that are more or fewer than a command's Use names.
func asUsed(c *cobra.Command, args []string) error {
	wanted := strings.Fields(c.Use)[1:]
	see := "see " + c.CommandPath() + " --help"
	switch {
	case len(args) > len(wanted):
		return fmt.Errorf("%s; here stands %s%s\n%s", takes(c, wanted), quoted(args), tooMuch(c, args), see)
	case len(args) == 1 && len(wanted) == 2 && filepath.Ext(args[0]) != "":
		return fmt.Errorf("RESOURCE is missing, which is what the rows are: write %s users %s\n%s", c.CommandPath(), args[0], see)
	case len(args) < len(wanted):
		missing := wanted[len(args):]
		verb := "is"
		if len(missing) > 1 {
			verb = "are"
		}
		return fmt.Errorf("%s %s missing: write %s %s\n%s", strings.Join(missing, " and "), verb, c.Parent().CommandPath(), c.Use, see)
	}
	return nil
}

func takes(c *cobra.Command, wanted []string) string {
	if len(wanted) == 0 {
		return c.Name() + " takes flags alone"
	}
	return c.Name() + " takes one " + strings.Join(wanted, " and one ")
}

// tooMuch guesses how there came to be too many arguments.
func tooMuch(c *cobra.Command, args []string) string {
	if f := c.Flags().Lookup("sandbox"); f != nil && f.Changed && f.Value.String() == inMemory {
		for _, arg := range args {
			if strings.EqualFold(filepath.Ext(arg), ".json") {
				return fmt.Sprintf(": to keep the simulated account in a file, write --sandbox=%s, without a blank", arg)
			}
		}
		if !strings.HasSuffix(c.Use, " FILE") {
			return ": the file of --sandbox follows an equals sign, --sandbox=FILE"
		}
	}
	if strings.HasSuffix(c.Use, " FILE") {
		return ": import one file after the other, and put a name with blanks into quotes"
	}
	return ""
}

func quoted(args []string) string {
	all := make([]string, len(args))
	for i, arg := range args {
		all[i] = fmt.Sprintf("%q", arg)
	}
	return strings.Join(all, ", ")
}
