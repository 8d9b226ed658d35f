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
	Terminal bool // Out is one that can move its cursor
	Mode     Mode // "" = Auto
	Color    bool // of the bar

	Total    int           // rows to do; 0 = not known
	Reading  bool          // rows are only read: none can be to mend
	Limit    int           // calls per Window; 0 = none
	Window   time.Duration // of Limit
	Calls    func() int64  // calls made so far; nil = not known
	InWindow func() int    // calls made in the window that ends now; nil = not known
	Tell     func(State)   // takes the place of plain lines; nil = they are written to Out
}

// State is where a run stands.
type State struct {
	Done, Total int
	Mend        int           // of Done: rows that somebody has to look at; negative = none can be
	PerMinute   float64       // rows; 0 = not known yet
	InWindow    int           // calls made in the window that ends now
	Limit       int           // that may be made in one; 0 = any number, or the calls are not counted
	Window      time.Duration // of Limit
	Left        time.Duration // until the last row is done; negative = not known yet
}

// Progress counts rows and shows them. Its methods may be called
// concurrently.
type Progress struct {
	options Options
	began   time.Time
	stop    chan struct{} // closed by Close
	stopped sync.WaitGroup

	mu    sync.Mutex // guards what follows, and Out
	bar   *progressbar.ProgressBar
	width int // of the terminal, when the bar was last described
	done  int
	mend  int
}

// Start begins to show progress, until Close.
func Start(o Options) *Progress {
	p := &Progress{options: o, began: time.Now(), stop: make(chan struct{})}
	every := interval
	if o.Mode != Plain && o.Mode != None && o.Terminal && o.Total > 0 {
		p.bar = newBar(o)
		every = time.Second // the time left moves even while no row ends
	}
	if o.Mode != None {
		p.stopped.Go(func() { p.tick(every) })
	}
	return p
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
			p.show()
		}
	}
}

// show shows where the run stands.
func (p *Progress) show() {
	p.mu.Lock()
	state := p.state()
	tell := p.options.Tell
	switch {
	case p.bar != nil:
		p.describe(state, width(p.options.Out))
	case tell == nil:
		fmt.Fprintln(p.options.Out, state)
	}
	shown := p.bar != nil || tell == nil
	p.mu.Unlock()
	if !shown {
		tell(state) // it may write here
	}
}

// Done counts a row.
func (p *Progress) Done(s row.Status) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	if s.NeedsMending() {
		p.mend++
	}
	if p.bar == nil {
		return
	}
	if now := width(p.options.Out); now != p.width {
		p.describe(p.state(), now)
	}
	_ = p.bar.Add(1) // a terminal that is gone stops no run
}

// describe puts words beside the bar that fit into a window of so many
// columns.
func (p *Progress) describe(s State, columns int) {
	p.width = columns
	p.bar.Describe(describe(s, room(columns, s), p.options.Color))
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

// State is where the run stands.
func (p *Progress) State() State {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state()
}

func (p *Progress) state() State {
	elapsed := time.Since(p.began)
	s := State{Done: p.done, Total: p.options.Total, Mend: p.mend, Left: -1}
	if p.options.Reading {
		s.Mend = -1
	}
	if p.options.InWindow != nil {
		s.InWindow, s.Limit, s.Window = p.options.InWindow(), p.options.Limit, p.options.Window
	}
	if p.done == 0 || elapsed <= 0 {
		return s
	}
	s.PerMinute = float64(p.done) / elapsed.Minutes()
	rows := float64(p.options.Total - p.done)
	s.Left = time.Duration(rows * float64(elapsed) / float64(p.done))
	if p.options.Limit > 0 && p.options.Calls != nil {
		made := float64(p.options.Calls())
		s.Left = reckon(made, rows*made/float64(p.done), p.options.Limit, p.options.Window, elapsed, s.Left)
	}
	return s
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
