package api

import "sync"

// Recent remembers whom the latest writes of a client were about. An answer that
// names one of them, and not whom its own call was about, belongs to another
// call. That it merely writes an address or a name in its own way proves
// nothing. The zero Recent is empty; it is safe for concurrent use.
type Recent struct {
	mu     sync.Mutex
	latest [4096]string // more than can be under way
	next   int
	held   map[string]int // how often each is among the latest
}

// Note takes whom a write is about that is about to leave.
func (r *Recent) Note(whom string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.held == nil {
		r.held = map[string]int{}
	}
	if old := r.latest[r.next]; old != "" {
		if r.held[old]--; r.held[old] == 0 {
			delete(r.held, old)
		}
	}
	r.latest[r.next] = whom
	r.held[whom]++
	r.next = (r.next + 1) % len(r.latest)
}

// IsAnothers reports whether an answer that names somebody to a call about whom
// belongs to another call.
func (r *Recent) IsAnothers(named, whom string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return named != "" && named != whom && r.held[named] > 0
}
