//go:build unix

package cli

import (
	"context"
	"os"
	"syscall"
	"testing"
)

func TestASecondSignalIsToldInASentence(t *testing.T) {
	told := make(chan string)
	w := watchSignals(t.Context(), 0, func(s string) { told <- s }, func() {})
	for _, ended := range []context.Context{w.intake, w.calls} {
		if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		<-told
		<-ended.Done()
	}
	for ended, want := range map[context.Context]string{
		w.intake: "stopped early, by a termination signal; run the same command again",
		w.calls:  "stopped early, by a second signal; run the same command again",
	} {
		if err := halted(context.Cause(ended)); err.Error() != want || codeOf(err) != ExitStopped {
			t.Errorf("%q, exit %d, want %q and %d", err, codeOf(err), want, ExitStopped)
		}
	}
	w.end()
}
