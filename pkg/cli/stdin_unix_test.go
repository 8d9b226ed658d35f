//go:build unix

package cli

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

// asked is a standard error that says when a person is asked something.
type asked struct {
	strings.Builder
	asking chan struct{} // closed then
}

// Write implements io.Writer.
func (a *asked) Write(text []byte) (int, error) {
	if strings.Contains(string(text), "Type yes") {
		close(a.asking)
	}
	return a.Builder.Write(text)
}

func TestASignalEndsTheWaitForStandardInput(t *testing.T) {
	for name, signal := range map[string]syscall.Signal{"people.csv": syscall.SIGINT, "-": syscall.SIGTERM} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, sandbox.Options{})
			t.Chdir(r.dir)
			t.Setenv("TMPDIR", r.dir)
			r.file("people.csv", "operation,email,first_name\ndelete,jane@example.com,Jane\n")
			in, silent := io.Pipe()
			stderr := &asked{asking: make(chan struct{})}
			ended := make(chan ExitCode, 1)
			go func() {
				args := []string{"import", "users", name, "--campaign", "1", "--results", "results.csv"}
				ended <- Main(args, Streams{In: in, InTerminal: name != "-", Out: io.Discard, Err: stderr},
					func(name string) (string, bool) { value, ok := r.env[name]; return value, ok })
			}()
			if name != "-" {
				<-stderr.asking
			} else if _, err := io.WriteString(silent, "email,first_name\n"); err != nil {
				t.Fatal(err)
			}
			if err := syscall.Kill(os.Getpid(), signal); err != nil {
				t.Fatal(err)
			}
			code := ExitCode(-1)
			select {
			case code = <-ended:
			case <-time.After(10 * time.Second):
			}
			_ = silent.Close() // for the read that nobody waits for any more
			if code < 0 {
				t.Fatalf("refbulk went on waiting, and ended with %d", <-ended)
			}
			const want = "; run the same command again\n"
			if text := stderr.String(); code != ExitStopped || !strings.HasSuffix(text, want) {
				t.Errorf("exit %d, want %d and %q\n%s", code, ExitStopped, want, text)
			}
			if files, err := filepath.Glob("*"); err != nil || len(files) != 1 {
				t.Errorf("there are the files %v (%v), want the one there was", files, err)
			}
			if locks, err := filepath.Glob(".*.lock"); err != nil || len(locks) != 0 {
				t.Errorf("the results are still locked: %v (%v)", locks, err)
			}
		})
	}
}
