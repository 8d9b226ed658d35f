package sandbox

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// BasePath is where the Referral Factory API is on a Server.
const BasePath = "/api/v2"

// referralFactory is the vendor: an account, the rules, and the routes to it.
type referralFactory struct {
	behaviour Behaviour
	refused   []string // e-mail domains, lower case
	seed      uint64
	now       func() time.Time
	tally     *tally
	changed   func() // called, not waited for, after a commit

	mu      sync.RWMutex
	account *account
}

func newReferralFactory(o Options, t *tally) *referralFactory {
	f := &referralFactory{
		behaviour: o.Behaviour, seed: o.Seed, now: o.Now, tally: t,
		changed: func() {},
	}
	for _, domain := range o.RefusedDomains {
		f.refused = append(f.refused, strings.ToLower(domain))
	}
	f.account = newAccount(*o.State, o.Seed, f.today())
	return f
}

func (f *referralFactory) api(g *gate) *api {
	rewards := func(method, pattern string, writes bool, serve func(*call) answer) route {
		return route{method, "/rewards" + pattern, writes, serve}
	}
	return &api{
		base:   BasePath,
		token:  bearer,
		refuse: f.refuse,
		gate:   g,
		routes: []route{
			{"POST", "/users", true, f.createUser},
			{"GET", "/users", false, f.listUsers},
			{"POST", "/users/search", false, f.searchUsers},
			{"PUT", "/users/qualification", true, f.qualifyUser},
			{"GET", "/users/{identifier}", false, f.getUser},
			{"PUT", "/users/{id}", true, f.updateUser},
			{"DELETE", "/users/{id}", true, f.deleteUser},
			{"GET", "/campaigns", false, f.listCampaigns},
			{"POST", "/campaigns/search", false, f.searchCampaigns},
			{"GET", "/campaigns/{identifier}", false, f.getCampaign},
			rewards("GET", "/dashboard/{metric}", false, f.listRewards),
			rewards("GET", "/due/{metric}", false, f.listDue),
			rewards("GET", "/issued/{metric}", false, f.listIssued),
			rewards("POST", "/dashboard/{metric}/search", false, f.searchRewards),
			rewards("POST", "/due/{metric}/search", false, f.searchDue),
			rewards("POST", "/issued/{metric}/search", false, f.searchIssued),
			rewards("POST", "/issue/{id}", true, f.issueReward),
			rewards("POST", "/cancel/{id}", true, f.cancelReward),
		},
	}
}

func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

func (f *referralFactory) today() string { return f.now().UTC().Format(time.DateOnly) }

func (f *referralFactory) state() State {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.account.state()
}

func (f *referralFactory) replace(s State) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.account = newAccount(s, f.seed, f.today())
	f.changed()
}

// commit counts a change and has it saved. The caller holds the lock.
func (f *referralFactory) commit(count func(*Counts)) {
	f.tally.add(count)
	f.changed()
}

func (f *referralFactory) refusesMail(email string) bool {
	_, domain, _ := strings.Cut(fold(email), "@")
	return slices.Contains(f.refused, domain)
}
