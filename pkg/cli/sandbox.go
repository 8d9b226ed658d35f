package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

// sandboxFlags are the flags of refbulk sandbox.
type sandboxFlags struct {
	listen, state, token string
	limit                int
	window               time.Duration
	faults               []string
}

func (p *program) sandboxCommand() *cobra.Command {
	f := &sandboxFlags{}
	c := &cobra.Command{
		Use:   "sandbox",
		Short: "Serve a local simulator of the API, to rehearse on",
		Long: "Serve a simulator of Referral Factory, and of Recomly beside it, on this machine until it is interrupted. It sends nothing to anybody.\n" +
			"A fresh account has an example campaign, number 1. /_sandbox/ shows what was asked of it.\n\n" + faultHelp,
		Example: "  refbulk sandbox --listen 127.0.0.1:8080 --state account.json\n" +
			"  REFERRAL_FACTORY_TOKEN=any refbulk import users customers.csv --campaign 1 --base-url http://127.0.0.1:8080/api/v2\n" +
			"  refbulk sandbox --fault 'POST /users every=100 lose-answer' --fault '* * from=300 times=1 status=429 retry-after=5s'",
		Args: asUsed,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := p.fromEnvironment(cmd.Flags()); err != nil {
				return err
			}
			return p.serveSandbox(cmd.Context(), f)
		},
	}
	flags := c.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.listen, "listen", "127.0.0.1:8080", "address on this machine; port 0 takes a free one")
	flags.StringVar(&f.state, "state", "", "keep the account in this file")
	flags.StringVar(&f.token, "token", "", "the one made-up token that is accepted (default any)")
	flags.IntVar(&f.limit, "limit", vendorsLimit, "requests per --window; 0 = none (default what the vendors say)")
	flags.Lookup("limit").DefValue = "0"
	flags.DurationVar(&f.window, "window", sandbox.DefaultWindow, "the window of --limit")
	flags.StringArrayVar(&f.faults, "fault", nil, "'METHOD PATH [from=N] [every=N] [times=N] [delay=1s] EFFECT', repeatable")
	return c
}

const faultHelp = `A fault is 'METHOD PATH [from=N] [every=N] [times=N] [delay=1s] EFFECT': which calls it hits, * for any, and what happens:

  POST /users every=100 status=422                       an error; the work is not done
  * * from=300 times=1 status=429 retry-after=5s         over the limit (retry-after-date=5s says it as a date)
  GET /campaigns redirect=https://other.example.com/     an answer that leads elsewhere
  POST /users times=3 reset-before                       the connection breaks before the work is done
  POST /users from=10 times=1 stall-before               no answer, and the work is not done
  POST /users from=10 times=1 stall                      no answer, but the work is done
  POST /users every=100 lose-answer                      the work is done, and the connection breaks
  GET /users times=1 reset-mid-body                      half an answer
  GET /users times=1 malformed-json                      an answer whose JSON breaks off
  POST /users times=1 empty-body                         an answer that says nothing
  * * from=50 times=1 html-body                          a page in place of an answer
  GET /users times=1 huge-body=1000000                   an answer of so many bytes
  * * delay=2s                                           all answers late
`

// scheduled reads the faults. There may be several in one, a line each, as a
// variable holds them.
func (f *sandboxFlags) scheduled() (faults []sandbox.Fault, _ error) {
	var errs []error
	for line := range strings.Lines(strings.Join(f.faults, "\n")) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		fault, err := sandbox.ParseFault(line)
		if err != nil {
			errs = append(errs, fmt.Errorf("--fault: %w", err))
		}
		faults = append(faults, fault)
	}
	return faults, errors.Join(errs...)
}

func (p *program) serveSandbox(ctx context.Context, f *sandboxFlags) error {
	if f.limit < 0 && f.limit != vendorsLimit {
		return usage(fmt.Errorf("--limit %d: use 0 for none, or a number of requests", f.limit))
	}
	if f.window <= 0 {
		return usage(fmt.Errorf("--window %v: use a time longer than nothing", f.window))
	}
	if err := haveFolders(named{"--state", f.state}); err != nil {
		return usage(err)
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	o := sandbox.Options{Token: f.token, Limit: f.limit, Window: f.window}
	switch f.limit {
	case vendorsLimit:
		o.Limit = 0
	case 0:
		o.Limit = -1
	}
	var err error
	if o.Faults, err = f.scheduled(); err != nil {
		return usage(fmt.Errorf("%w\nsee refbulk sandbox --help", err))
	}
	server := sandbox.New(o)
	if f.state != "" {
		if server, err = sandbox.Open(f.state, o); err != nil {
			return usage(err)
		}
	}
	running, err := sandbox.Listen(f.listen, server)
	if err != nil {
		return usage(errors.Join(err, server.Close()))
	}
	fmt.Fprintf(p.Out, "the sandbox listens at %s%s\nwatch it at %s/_sandbox/ ; end it with an interrupt\n", running.URL(), sandbox.BasePath, running.URL())
	<-ctx.Done()
	return errors.Join(running.Close(), server.Close())
}
