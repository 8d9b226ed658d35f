package cli

import (
	"context"
	"log/slog"

	"github.com/refbulk/refbulk/pkg/engine"
	"github.com/refbulk/refbulk/pkg/report"
)

// callCounter is a log handler that counts the calls which the API's client
// tells of, and hands on what its next takes.
type callCounter struct {
	slog.Handler
	calls *report.Calls
}

// callMessage is what the client says when it tells of a call.
const callMessage = "call"

// Enabled implements slog.Handler.
func (c callCounter) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements slog.Handler.
func (c callCounter) Handle(ctx context.Context, r slog.Record) error {
	if r.Level == slog.LevelDebug && r.Message == callMessage {
		call := report.Call{Row: engine.RowOf(ctx)}
		r.Attrs(func(a slog.Attr) bool {
			switch a.Key {
			case "method":
				call.Method = a.Value.String()
			case "status":
				call.Status = int(a.Value.Int64())
			case "took":
				call.Took = a.Value.Duration()
			}
			return true
		})
		call.Left = r.Time.Add(-call.Took)
		c.calls.Add(call)
	}
	if !c.Handler.Enabled(ctx, r.Level) {
		return nil
	}
	return c.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (c callCounter) WithAttrs(attrs []slog.Attr) slog.Handler {
	return callCounter{c.Handler.WithAttrs(attrs), c.calls}
}

// WithGroup implements slog.Handler.
func (c callCounter) WithGroup(name string) slog.Handler {
	return callCounter{c.Handler.WithGroup(name), c.calls}
}
