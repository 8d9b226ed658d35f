package cli

import (
	"context"
	"sync"
	"time"

	"github.com/refbulk/refbulk/pkg/export"
	"github.com/refbulk/refbulk/pkg/progress"
	"github.com/refbulk/refbulk/pkg/report"
	"github.com/refbulk/refbulk/pkg/row"
)

// finish says what was written, unless that stands on standard output itself.
func (e *exporting) finish() error {
	if e.flags.path == "" {
		return nil
	}
	calls, gate := e.account.client.Stats(), e.account.gate.Stats()
	s := &report.Export{
		Command: "export", Provider: e.flags.account.provider, Resource: e.flags.resource, Output: e.flags.path, Rows: e.rows, Read: e.shown.read,
		Requests: report.Requests{
			Total: calls.Reads + calls.Writes, Reads: calls.Reads, Writes: calls.Writes,
			Retries: e.account.loop.Retries(), Throttled: calls.Throttled,
		},
		WorstWindow: gate.WorstWindow, WaitedSeconds: gate.Waited.Seconds(), DurationSeconds: time.Since(e.began).Seconds(),
		Limit: e.flags.account.limit, Window: e.flags.account.window, Sandbox: e.flags.account.sandbox != "",
	}
	switch {
	case e.flags.output.json:
		return s.JSON(e.Out)
	case e.flags.output.quiet:
		return nil
	}
	return s.Text(e.Out)
}

// scanned shows how far the reading has come, from the first page on: that
// tells how much there is.
type scanned struct {
	*exporting
	screen *screen

	mu       sync.Mutex // guards progress, which a signal may ask for
	progress *progress.Progress
	read     int
}

// add counts a page.
func (s *scanned) add(page export.Page) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.progress == nil {
		s.progress = progress.Start(s.options(page.Total))
		s.screen.through(s.progress)
	}
	s.read += page.Read
	for range page.Read {
		s.progress.Done(row.Unchanged)
	}
}

func (s *scanned) options(total int) progress.Options {
	f := &s.flags.output
	o := progress.Options{
		Out: s.Err, Terminal: s.bars(), Mode: progress.Mode(f.progress), Color: s.colors(), Reading: true,
		Total: total, Limit: s.flags.account.limit, Window: s.flags.account.window,
		Calls:    func() int64 { return s.account.gate.Stats().Requests },
		InWindow: func() int { return s.calls.InWindow(time.Now()) },
	}
	if f.logFormat == "json" {
		o.Mode = progress.Plain
		o.Tell = func(p progress.State) {
			s.log.Info("progress", "step", s.stepNameOr("export "+s.flags.resource), "done", p.Done, "total", p.Total)
		}
	}
	if f.quiet || progress.Mode(f.progress) == progress.None {
		o.Mode = progress.None
	}
	return o
}

// close ends the showing.
func (s *scanned) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.progress != nil {
		s.progress.Close()
		s.screen.through(nil)
		s.progress = nil
	}
}

// show says where the export stands, because somebody asked.
func (s *scanned) show() {
	s.mu.Lock()
	shown := s.progress
	s.mu.Unlock()
	text := "no page has been read yet"
	if shown != nil {
		text = shown.State().String()
	}
	s.log.Log(context.Background(), levelNotice, text)
}
