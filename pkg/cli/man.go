package cli

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// manCommand writes the manual pages. It is for those who package refbulk, and
// hidden from everyone else.
func (p *program) manCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "man FOLDER",
		Short:  "Write the manual pages into a folder",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return usage(fmt.Errorf("making the folder of the manual pages: %w", err))
			}
			root := cmd.Root()
			root.InitDefaultHelpCmd()
			root.DisableAutoGenTag = true // the same pages whenever they are made
			epoch := time.Unix(0, 0).UTC()
			header := &doc.GenManHeader{Section: "1", Manual: "refbulk manual", Source: "refbulk", Date: &epoch}
			return doc.GenManTree(root, header, args[0])
		},
	}
}
