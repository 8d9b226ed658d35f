package cli

import (
	"strings"

	"github.com/spf13/cobra"
)

// words are the values of flags that take one of a few.
var words = map[string][]string{
	"lookup":      {"auto", "list", "each", "off"},
	"on-existing": {"keep", "update", "fail"},
	"progress":    {"auto", "plain", "none"},
	"log-format":  {"text", "json"},
	"delimiter":   {"comma", "semicolon", "tab", "pipe"},
	"limiter":     {"local", "process"},
}

// inputs are the endings of files that can be imported.
var inputs = []string{"csv", "tsv", "txt", "xlsx"}

// completions teach the shells what commands and flags take.
func (p *program) completions(root *cobra.Command) {
	var providers []string
	for _, v := range vendors {
		providers = append(providers, v.name)
	}
	for _, c := range root.Commands() {
		for name, values := range words {
			if c.Flags().Lookup(name) != nil {
				_ = c.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
			}
		}
		if c.Flags().Lookup("provider") != nil {
			_ = c.RegisterFlagCompletionFunc("provider", cobra.FixedCompletions(providers, cobra.ShellCompDirectiveNoFileComp))
		}
		switch word, _, _ := strings.Cut(c.Use, " "); word {
		case "import", "plan":
			c.ValidArgsFunction = completeImport
		case "run":
			c.ValidArgsFunction = completeFiles(1, "toml")
		case "report":
			c.ValidArgsFunction = completeFiles(1, "csv")
		}
	}
}

// completeImport offers the vendor's resources, then files.
func completeImport(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	switch len(args) {
	case 0:
		v, err := vendorNamed(c.Flag("provider").Value.String())
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return v.resources, cobra.ShellCompDirectiveNoFileComp
	case 1:
		return inputs, cobra.ShellCompDirectiveFilterFileExt
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}

// completeFiles offers files of an ending for the first most arguments.
func completeFiles(most int, endings ...string) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) >= most {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return endings, cobra.ShellCompDirectiveFilterFileExt
	}
}
