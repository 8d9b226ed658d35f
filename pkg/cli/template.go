package cli

import (
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/refbulk/refbulk/pkg/export"
	"github.com/refbulk/refbulk/pkg/fields"
	"github.com/refbulk/refbulk/pkg/sheet"
)

// templateFlags are the flags of template.
type templateFlags struct {
	provider, path string
	resource       string
}

func (p *program) templateCommand() *cobra.Command {
	f := &templateFlags{}
	c := &cobra.Command{
		Use:   "template RESOURCE",
		Short: "Write a sample file: every column, what it means, and an example row",
		Long: "Write a sample of a file to import, CSV or XLSX: every column, a row that says what each of them means, and an\n" +
			"example. Both ask for nothing, by their operation skip, so that they may be left in. A file that is there already\n" +
			"is not replaced.\n\n" + resourceHelp(),
		Example: "  refbulk template users -o customers.xlsx\n  refbulk template campaigns --provider recomly",
		Args:    asUsed,
		ValidArgsFunction: func(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if v, err := vendorNamed(c.Flag("provider").Value.String()); err == nil && len(args) == 0 {
				return v.resources, cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := p.fromEnvironment(cmd.Flags()); err != nil {
				return err
			}
			f.resource = args[0]
			return p.template(f)
		},
	}
	flags := c.Flags()
	flags.SortFlags = false
	flags.StringVarP(&f.path, "output", "o", "", "the file to write, .csv or .xlsx (default CSV to standard output)")
	flags.StringVar(&f.provider, "provider", "referral-factory", "for whose API: referral-factory or recomly")
	return c
}

// template writes the sample file.
func (p *program) template(f *templateFlags) error {
	v, err := vendorNamed(f.provider)
	if err != nil {
		return usage(err)
	}
	if err := v.has(f.resource); err != nil {
		return usage(err)
	}
	if f.path == "" || f.path == "-" {
		return writeTemplate(p.Out, export.CSV, v, f.resource)
	}
	format, err := export.FormatOf(f.path)
	if err == nil && format == export.JSONLines {
		err = fmt.Errorf("%q could not be imported; let it end in %s or %s", f.path, export.CSV, export.XLSX)
	}
	if err != nil {
		return usage(err)
	}
	if err := haveFolders(named{"-o", f.path}); err != nil {
		return usage(err)
	}
	if _, err := os.Lstat(f.path); err == nil {
		return usage(fmt.Errorf("%s exists; name another file, or remove it first", f.path))
	}
	whole, err := sheet.Create(f.path)
	if err != nil {
		return usage(err)
	}
	defer whole.Close()
	if err := writeTemplate(whole, format, v, f.resource); err != nil {
		return err
	}
	return whole.Commit()
}

// notInTemplate are fields that a template would do better without: other ways
// to say what another column says.
var notInTemplate = []string{"target", "full_name", "last_name"}

// writeTemplate writes the header, the explanation and the example.
func writeTemplate(w io.Writer, format export.Format, v vendor, resource string) error {
	var names, about, example []string
	add := func(name, means, cell string) {
		names, about, example = append(names, name), append(about, means), append(example, cell)
	}
	all := v.columns(resource)
	has := func(name string) bool {
		return slices.ContainsFunc(all, func(f fields.Field) bool { return f.Name == name })
	}
	operations, acts := "", ""
	for _, f := range all {
		switch {
		case f.Name == "operation":
			operations, acts = f.About, f.Example
			add(f.Name, "skip", "skip")
		case slices.Contains(notInTemplate, f.Name), f.Name == "first_name" && has("last_name"):
		default:
			add(f.Name, f.About, f.Example)
		}
	}
	if v.ownFields && has("email") {
		add(fields.Meta+"City", "a field of the campaign's own, by its label: a column for each, headed meta: and the label, or the label alone", "")
	}
	add(fields.TemplateNote, "this row explains the columns and asks for nothing; operation says "+operations, "an example, which asks for nothing until its operation says "+acts+"; delete both rows, and this column if you like")
	out, err := export.NewWriter(w, format, export.Texts(names...))
	if err != nil {
		return err
	}
	for _, row := range [][]string{about, example} {
		if err := out.Write(row); err != nil {
			return err
		}
	}
	return out.Close()
}
