//go:build !unix

package cli

import "os"

// showSignals ask for the progress: this system has none.
var showSignals []os.Signal
