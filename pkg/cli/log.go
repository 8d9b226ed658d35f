package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strings"
	"sync"
)

// levelNotice is of what somebody has asked for: it is no warning, but shown
// with --quiet too.
const levelNotice = slog.LevelWarn + 1

// newLog makes the logger of a run. Its lines go through out, which owns the
// terminal while a bar is on it. E-mail addresses are in them only with
// --verbose.
func newLog(o *outputFlags, out io.Writer) *slog.Logger {
	level := slog.LevelInfo
	switch {
	case o.verbose:
		level = slog.LevelDebug
	case o.quiet:
		level = slog.LevelWarn
	}
	if o.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: level, ReplaceAttr: jsonAttr(o.verbose)}))
	}
	return slog.New(&plainHandler{mu: &sync.Mutex{}, out: out, level: level, verbose: o.verbose})
}

// address finds e-mail addresses in a text.
var address = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`[^\s"'<>(),;:=/?&]+(?:@|%40)[^\s"'<>(),;:=/?&]+`)
})

// discreet takes e-mail addresses out of a text.
func discreet(text string) string { return address().ReplaceAllString(text, "[e-mail]") }

// jsonAttr is how attributes stand in a JSON log.
func jsonAttr(verbose bool) func([]string, slog.Attr) slog.Attr {
	return func(_ []string, a slog.Attr) slog.Attr {
		if level, ok := a.Value.Any().(slog.Level); ok && a.Key == slog.LevelKey && level == levelNotice {
			return slog.String(a.Key, slog.LevelInfo.String())
		}
		if err, ok := a.Value.Any().(error); ok {
			a.Value = slog.StringValue(err.Error())
		}
		if a.Value.Kind() == slog.KindString && !verbose {
			a.Value = slog.StringValue(discreet(a.Value.String()))
		}
		if a.Value.Kind() == slog.KindDuration {
			a.Value = slog.StringValue(a.Value.Duration().String())
		}
		return a
	}
}

// plainHandler writes log lines the way a person would: the sentence, then
// what it speaks of.
type plainHandler struct {
	mu      *sync.Mutex
	out     io.Writer
	level   slog.Level
	verbose bool
	attrs   string
}

// Enabled implements slog.Handler.
func (h *plainHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level }

// Handle implements slog.Handler.
func (h *plainHandler) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	if r.Level >= slog.LevelWarn && r.Level != levelNotice {
		b.WriteString(strings.ToLower(r.Level.String()) + ": ")
	}
	b.WriteString(r.Message + h.attrs)
	r.Attrs(func(a slog.Attr) bool {
		b.WriteString(attr(a))
		return true
	})
	text := b.String()
	if !h.verbose {
		text = discreet(text)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := io.WriteString(h.out, "refbulk: "+text+"\n")
	return err
}

func attr(a slog.Attr) string {
	text := a.Value.String()
	if strings.ContainsAny(text, " \n\"") {
		text = fmt.Sprintf("%q", text)
	}
	return " " + a.Key + "=" + text
}

// WithAttrs implements slog.Handler.
func (h *plainHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := *h
	for _, a := range attrs {
		next.attrs += attr(a)
	}
	return &next
}

// WithGroup implements slog.Handler. Groups are not shown.
func (h *plainHandler) WithGroup(string) slog.Handler { return h }

// event logs a thing that matters to whoever follows runs by their log. A
// person learns it from the summary, and sees it in a text only with
// --verbose.
func (i *importing) event(message string, attrs ...any) {
	level := slog.LevelDebug
	if i.flags.output.logFormat == "json" {
		level = slog.LevelInfo
	}
	i.log.Log(context.Background(), level, message, append([]any{"step", i.stepName()}, attrs...)...)
}

// showProgress says where the run stands, because somebody asked.
func (i *importing) showProgress() {
	i.log.Log(context.Background(), levelNotice, i.meter.line())
}
