package cli

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/refbulk/refbulk/pkg/retry"
)

// ways are the two ways to stop a run.
type ways struct {
	calls  context.Context // ends with the second signal: calls are abandoned
	intake context.Context // ends with the first, or after the longest duration: no new rows
	end    func()
}

// watchSignals lets the first SIGINT or SIGTERM end the intake and the second
// end the calls, and calls show on SIGUSR1, until end is called.
func watchSignals(ctx context.Context, longest time.Duration, tell func(string), show func()) ways {
	calls, abandon := context.WithCancelCause(ctx)
	intake, stop := context.WithCancelCause(calls)
	cancelTimer := func() {}
	if longest > 0 {
		intake, cancelTimer = context.WithTimeoutCause(intake, longest,
			&retry.Stop{Reason: fmt.Sprintf("because %v have passed, the longest that --max-duration allows", longest)})
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, append(showSignals, os.Interrupt, syscall.SIGTERM)...)
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		asked := false
		for {
			select {
			case <-done:
				return
			case s := <-signals:
				switch {
				case s != os.Interrupt && s != syscall.SIGTERM:
					show()
				case !asked:
					asked = true
					tell("stopping: no new rows, those in flight finish (again to abandon them)")
					stop(&retry.Stop{Reason: "by " + name(s)})
				default:
					tell("abandoning the rows in flight")
					abandon(&retry.Stop{Reason: "by a second signal"})
				}
			}
		}
	})
	return ways{calls: calls, intake: intake, end: func() {
		signal.Stop(signals)
		close(done)
		watching.Wait()
		cancelTimer()
		stop(nil)
		abandon(nil)
	}}
}

func name(s os.Signal) string {
	if s == os.Interrupt {
		return "an interrupt"
	}
	return "a termination signal"
}
