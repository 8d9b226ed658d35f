package pace

import (
	"sync"
	"time"
)

// A Pass is the leave to send one request. Leave and Cancel may be called concurrently and again; the
// first call counts.
type Pass struct {
	gate  *Gate
	lease Lease
	left  time.Duration // since the gate's start
	once  sync.Once
}

// Leave says that the answer has been seen or the attempt was given up: nothing of it may reach the
// server after this. The slot is free again a window from now.
func (p *Pass) Leave() { p.end(true) }

// Cancel says that the attempt certainly never left, not a byte of it (no connection was had, say), and
// frees its slot at once: what never arrives takes nothing from the bound. Waiters of this gate learn of
// it at once, those of other processes when they next look, at most a window later.
func (p *Pass) Cancel() { p.end(false) }

func (p *Pass) end(sent bool) {
	p.once.Do(func() {
		p.gate.depart(p, sent)
		p.gate.give(p.lease, sent)
	})
}

// giveBack returns the slot of a pass that was never handed out.
func (p *Pass) giveBack() { p.gate.give(p.lease, false) }

func (g *Gate) give(lease Lease, sent bool) {
	if lease == 0 {
		return
	}
	g.store.Give(lease, sent)
	if sent {
		return
	}
	select {
	case g.changed <- struct{}{}:
	default: // a wake-up is on its way already
	}
}
