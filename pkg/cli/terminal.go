package cli

import (
	"time"

	"github.com/refbulk/refbulk/pkg/progress"
)

// bars reports whether a bar can be drawn on standard error.
func (p *program) bars() bool {
	kind, _ := p.env("TERM")
	return p.ErrTerminal && kind != "dumb"
}

// colors reports whether the bar may have colours: see https://no-color.org.
func (p *program) colors() bool {
	no, _ := p.env("NO_COLOR")
	return p.bars() && no == ""
}

func (i *importing) progressOptions() progress.Options {
	o := progress.Options{
		Out: i.Err, Terminal: i.bars(), Mode: progress.Mode(i.flags.output.progress), Color: i.colors(),
		Total: i.survey.Todo(), Limit: i.flags.account.limit, Window: i.flags.account.window,
		Calls:    func() int64 { return i.account.gate.Stats().Requests },
		InWindow: func() int { return i.outlets.calls.InWindow(time.Now()) },
	}
	if i.flags.output.quiet {
		o.Mode = progress.None
	}
	if i.flags.output.logFormat == "json" {
		o.Mode = progress.Plain
		if i.flags.output.quiet || progress.Mode(i.flags.output.progress) == progress.None {
			o.Mode = progress.None
		}
		o.Tell = func(s progress.State) {
			i.event("progress", "done", s.Done, "total", s.Total, "to_mend", s.Mend, "rows_per_minute", int(s.PerMinute),
				"calls_in_window", s.InWindow, "limit", s.Limit, "seconds_left", int(s.Left.Seconds()))
		}
	}
	return o
}
