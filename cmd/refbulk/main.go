// Command refbulk moves people between spreadsheets and a referral programme.
package main

import (
	"os"
	"runtime/debug"

	"github.com/refbulk/refbulk/pkg/cli"
)

func main() {
	if os.Getenv("GOGC") == "" {
		// What a run keeps of a long file holds no pointers: to collect often
		// costs little, and keeps a million rows small.
		debug.SetGCPercent(25)
	}
	os.Exit(int(cli.Main(os.Args[1:], cli.System(), os.LookupEnv)))
}
