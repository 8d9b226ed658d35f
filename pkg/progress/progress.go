// Package progress shows the operator how a run goes: a bar on a terminal, a
// line now and then otherwise. While it runs it owns the stream it writes to:
// everything else that is to stand there goes through Write.
package progress

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/refbulk/refbulk/pkg/row"
)

// Mode is how progress is shown.
type Mode string

// The modes. Auto is a bar on a terminal and lines otherwise.
const (
	Auto  Mode = "auto"
	Plain Mode = "plain"
	None  Mode = "none"
)

// interval is the time between plain lines.
const interval = 30 * time.Second

// Options say what is shown, where, and how the time left is reckoned.
type Options struct {
	Out      io.Writer
	Terminal bool // Out is one
	Mode     Mode // "" = Auto
	Color    bool

	Total  int           // rows to do
	Limit  int           // calls per Window; 0 = none
	Window time.Duration // of Limit
	Calls  func() int64  // calls made so far
}

// Progress counts rows and shows them. Its methods may be called
// concurrently.
type Progress struct {
	options Options
	began   time.Time
	stop    chan struct{}
	stopped sync.WaitGroup

	mu     sync.Mutex // guards what follows, and Out
	bar    *progressbar.ProgressBar
	done   int
	failed int
}

// Start begins to show progress, until Close.
func Start(o Options) *Progress {
	p := &Progress{options: o, began: time.Now(), stop: make(chan struct{})}
	every := interval
	if o.Mode != Plain && o.Mode != None && o.Terminal {
		p.bar = newBar(o)
		every = time.Second // the time left moves even while no row ends
	}
	if o.Mode != None {
		p.stopped.Go(func() { p.tick(every) })
	}
	return p
}

func newBar(o Options) *progressbar.ProgressBar {
	return progressbar.NewOptions(o.Total,
		progressbar.OptionSetWriter(o.Out),
		progressbar.OptionShowCount(),
		progressbar.OptionSetPredictTime(false), // the limit tells more than the past
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionFullWidth(),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionUseANSICodes(true),
		progressbar.OptionEnableColorCodes(o.Color),
		progressbar.OptionShowDescriptionAtLineEnd(),
		progressbar.OptionClearOnFinish(),
	)
}

// tick shows where the run stands until Close.
func (p *Progress) tick(every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-p.stop:
			return
		case <-ticker.C:
			p.mu.Lock()
			if p.bar != nil {
				p.bar.Describe(p.description())
			} else {
				fmt.Fprintln(p.options.Out, p.line())
			}
			p.mu.Unlock()
		}
	}
}

// Done counts a row.
func (p *Progress) Done(s row.Status) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	if s.NeedsMending() {
		p.failed++
	}
	if p.bar != nil {
		_ = p.bar.Add(1) // a terminal that is gone stops no run
	}
}

// Write puts text above the bar. It is how logs get to the stream while the
// bar is on it.
func (p *Progress) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar == nil {
		return p.options.Out.Write(text)
	}
	_ = p.bar.Clear()
	n, err := p.options.Out.Write(text)
	_ = p.bar.RenderBlank()
	return n, err
}

// Line is where the run stands, in one line.
func (p *Progress) Line() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.line()
}

func (p *Progress) line() string {
	return fmt.Sprintf("%d of %d rows, %s", p.done, p.options.Total, p.description())
}

// description is the rate, the failures and the time left.
func (p *Progress) description() string {
	elapsed := time.Since(p.began)
	text := fmt.Sprintf("%d to mend", p.failed)
	if elapsed > 0 && p.done > 0 {
		text = fmt.Sprintf("%.0f rows/min, %s", float64(p.done)/elapsed.Minutes(), text)
	}
	if left, ok := p.left(elapsed); ok {
		text += ", about " + round(left).String() + " left"
	}
	return text
}

func round(d time.Duration) time.Duration {
	if d > 10*time.Minute {
		return d.Round(time.Minute)
	}
	return d.Round(time.Second)
}

// left reckons the time that the remaining rows take: at the limit, with as
// many calls a row as so far, or at the pace so far where that is slower.
func (p *Progress) left(elapsed time.Duration) (time.Duration, bool) {
	if p.done == 0 || elapsed <= 0 {
		return 0, false
	}
	rows := float64(p.options.Total - p.done)
	byPace := time.Duration(rows * float64(elapsed) / float64(p.done))
	if p.options.Limit <= 0 || p.options.Calls == nil {
		return byPace, true
	}
	calls := float64(p.options.Calls())
	made, ahead := calls, rows*calls/float64(p.done)
	return Reckon(made, ahead, p.options.Limit, p.options.Window, elapsed, byPace), true
}

// Reckon is how long ahead more calls take after made calls in elapsed time,
// when a window lets limit of them through, and never less than a bound that
// the API's own speed sets: a first window full goes as fast as the API
// answers, every further one costs a window.
func Reckon(made, ahead float64, limit int, window, elapsed, byPace time.Duration) time.Duration {
	windows := int((made + ahead - 1) / float64(limit))
	total := time.Duration(windows) * window
	if windows == 0 {
		return byPace
	}
	return max(total-elapsed, 0)
}

// Close ends the showing and leaves the line free.
func (p *Progress) Close() {
	close(p.stop)
	p.stopped.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Finish()
		_ = p.bar.Clear()
		p.bar = nil
	}
}
