package pace

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain turns the test binary into one process among many when a test started it as such.
func TestMain(m *testing.M) {
	if orders := os.Getenv(helperEnv); orders != "" {
		os.Exit(helperMain(orders))
	}
	goleak.VerifyTestMain(m)
}
