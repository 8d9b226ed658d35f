package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra/doc"
)

// The manual pages are made of what the commands say of themselves, for those
// who package refbulk: make man has them written into the folder REFBULK_MAN.
// They are made here, so that the program does not carry what makes them.
func TestManualPages(t *testing.T) {
	folder := os.Getenv("REFBULK_MAN")
	if folder == "" {
		folder = t.TempDir()
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	root := (&program{}).root()
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	root.DisableAutoGenTag = true // the same pages whenever they are made
	epoch := time.Unix(0, 0).UTC()
	header := &doc.GenManHeader{Section: "1", Manual: "refbulk manual", Source: "refbulk", Date: &epoch}
	if err := doc.GenManTree(root, header, folder); err != nil {
		t.Fatal(err)
	}
	for _, command := range root.Commands() {
		if _, err := os.Stat(filepath.Join(folder, "refbulk-"+command.Name()+".1")); err != nil && command.IsAvailableCommand() {
			t.Errorf("%s has no page: %v", command.Name(), err)
		}
	}
	page := filepath.Join(folder, "refbulk-import.1")
	if text, err := os.ReadFile(page); err != nil || !strings.Contains(string(text), "Exit codes: 0 every row settled") {
		t.Errorf("the page of import lacks the exit codes: %v\n%s", err, text)
	}
	if _, err := exec.LookPath("man"); err != nil {
		return
	}
	man := exec.Command("man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page)
	var errs strings.Builder
	man.Stderr = &errs
	if err := man.Run(); err != nil || errs.Len() > 0 {
		t.Errorf("man warns of %s: %v\n%s", page, err, errs.String())
	}
}
