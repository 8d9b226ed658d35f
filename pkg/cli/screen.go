package cli

import (
	"io"
	"sync"

	"github.com/refbulk/refbulk/pkg/progress"
	"github.com/refbulk/refbulk/pkg/row"
)

// screen is where logs go: straight to standard error, or through the progress
// that owns it for a while.
type screen struct {
	mu     sync.Mutex
	direct io.Writer
	owner  io.Writer // nil = nobody
}

func newScreen(w io.Writer) *screen { return &screen{direct: w} }

// through sends what is written through the owner, until it is nil again.
func (s *screen) through(owner *progress.Progress) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.owner = nil
	if owner != nil {
		s.owner = owner
	}
}

// Write implements io.Writer.
func (s *screen) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.owner != nil {
		return s.owner.Write(text)
	}
	return s.direct.Write(text)
}

// meter hands rows on to the progress, which is there only while rows are
// sent.
type meter struct {
	screen   *screen
	mu       sync.Mutex
	progress *progress.Progress
}

// Done implements engine.Progress.
func (m *meter) Done(s row.Status) { m.get().Done(s) }

func (m *meter) set(p *progress.Progress) {
	m.mu.Lock()
	m.progress = p
	m.mu.Unlock()
	m.screen.through(p)
}

func (m *meter) get() *progress.Progress {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.progress
}

// line is where the run stands.
func (m *meter) line() string {
	if p := m.get(); p != nil {
		return p.State().String()
	}
	return "no row is being sent just now"
}
