//go:build unix

package cli

import (
	"os"
	"syscall"
)

// showSignals ask for the progress.
var showSignals = []os.Signal{syscall.SIGUSR1}
