package sandbox

import (
	"maps"
	"net/http"
	"sync"
)

// Counts is what a Server has seen since it began or was reset. Calls to
// /_sandbox/ are in none of them.
type Counts struct {
	Requests int `json:"requests"`
	// Reads and Writes share out Requests; a search is a read.
	Reads  int `json:"reads"`
	Writes int `json:"writes"`
	// ByRoute counts under "METHOD /route/{pattern}", or "unknown".
	ByRoute map[string]int `json:"by_route"`
	// ByStatus counts answers as they were sent, Unanswered the calls that
	// were cut or left hanging.
	ByStatus   map[int]int `json:"by_status"`
	Unanswered int         `json:"unanswered"`
	// NotJSON counts bodies refused because they were not a JSON object.
	NotJSON int `json:"not_json"`
	// Tokens is how many different tokens were presented, up to 1000.
	Tokens      int `json:"tokens"`
	MaxInFlight int `json:"max_in_flight"`
	// WorstWindow is the most arrivals of one token in any Window, sliding,
	// whatever they were answered; at Recomly, of all tokens.
	WorstWindow int `json:"worst_window"`
	// Overruns counts the limit's own 429s, not scheduled ones; Blocked the
	// 403s that followed.
	Overruns int `json:"overruns"`
	Blocked  int `json:"blocked"`
	// Notified counts committed creates that had notify true, NotifyUnsaid
	// those that did not say.
	Notified     int      `json:"notified"`
	NotifyUnsaid int      `json:"notify_unsaid"`
	Commits      Commits  `json:"commits"`
	Repeated     Repeated `json:"repeated"`
	// Recomly has what was changed at that vendor. The counts of calls above
	// are over both; a convert writes to two.
	Recomly RecomlyCounts `json:"recomly"`
}

// Commits counts changes made to the account.
type Commits struct {
	Creates          int `json:"creates"`
	Updates          int `json:"updates"`
	Qualifications   int `json:"qualifications"`
	Unqualifications int `json:"unqualifications"`
	Deletes          int `json:"deletes"`
	Issues           int `json:"issues"`
	Cancels          int `json:"cancels"`
}

// Repeated counts what was asked for, or happened, a second time.
type Repeated struct {
	// Creates counts users made beside one of the same e-mail, campaign and
	// type: a double commit.
	Creates int `json:"creates"`
	// CreateCalls counts creates that met an existing user, however answered.
	CreateCalls int `json:"create_calls"`
	// Qualifications counts accepted qualifications of somebody who was
	// qualified already.
	Qualifications int `json:"qualifications"`
	// Issues counts rewards paid twice: a double commit.
	Issues int `json:"issues"`
	// IssueCalls counts calls to issue what was issued already.
	IssueCalls int `json:"issue_calls"`
}

// manyTokens bounds what telling tokens apart may cost.
const manyTokens = 1000

// tally keeps Counts.
type tally struct {
	mu       sync.Mutex
	counts   Counts
	tokens   map[tokenKey]struct{}
	inFlight int
}

func newTally() *tally {
	t := &tally{}
	t.reset()
	return t
}

func (t *tally) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts = Counts{ByRoute: map[string]int{}, ByStatus: map[int]int{}}
	t.tokens = map[tokenKey]struct{}{}
}

func (t *tally) snapshot() Counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.counts
	c.ByRoute, c.ByStatus = maps.Clone(c.ByRoute), maps.Clone(c.ByStatus)
	return c
}

// add changes the counts under the lock.
func (t *tally) add(change func(*Counts)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change(&t.counts)
}

// enter counts a call in; what it returns counts the call out.
func (t *tally) enter(route *route, method string, token tokenKey) (leave func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := &t.counts
	c.Requests++
	name, writes := "unknown", method != http.MethodGet && method != http.MethodHead
	if route != nil {
		name, writes = route.name(), route.writes
	}
	c.ByRoute[name]++
	if writes {
		c.Writes++
	} else {
		c.Reads++
	}
	if token != (tokenKey{}) && len(t.tokens) < manyTokens {
		t.tokens[token] = struct{}{}
		c.Tokens = len(t.tokens)
	}
	t.inFlight++
	c.MaxInFlight = max(c.MaxInFlight, t.inFlight)
	return t.leave
}

func (t *tally) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.inFlight--
}

func (t *tally) answered(status int) { t.add(func(c *Counts) { c.ByStatus[status]++ }) }
func (t *tally) unanswered()         { t.add(func(c *Counts) { c.Unanswered++ }) }
