// Command refbulk moves people between spreadsheets and a referral programme.
package main

import (
	"os"

	"github.com/refbulk/refbulk/pkg/cli"
)

func main() {
	os.Exit(int(cli.Main(os.Args[1:], cli.System(), os.LookupEnv)))
}
