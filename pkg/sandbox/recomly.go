package sandbox

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

// RecomlyPrefixes are where the Recomly API is on a Server.
var RecomlyPrefixes = [...]string{"/app", "/api/app"}

// RecomlyLimit is how many calls an organisation may make in a Window when
// Options.Limit does not say. The vendor keeps the number to itself.
const RecomlyLimit = 120

// recomly is the vendor: an organisation, the rules, and the routes to it.
type recomly struct {
	behaviour RecomlyBehaviour
	seed      uint64
	now       func() time.Time
	tally     *tally
	changed   func() // called, not waited for, after a commit

	mu  sync.RWMutex
	org *organisation
}

func newRecomly(o Options, t *tally) *recomly {
	m := &recomly{behaviour: o.Behaviour.Recomly, seed: o.Seed, now: o.Now, tally: t, changed: func() {}}
	m.org = newOrganisation(o.State.Recomly, o.Seed, m.instant())
	return m
}

// apis are the same routes below each of the prefixes.
func (m *recomly) apis(g *gate) []*api {
	var all []*api
	for _, prefix := range RecomlyPrefixes {
		if only := m.behaviour.OnlyPrefix; only == "" || only == prefix {
			all = append(all, &api{base: prefix, token: bearer, refuse: m.refuse, gate: g, shared: true, routes: m.routes()})
		}
	}
	return all
}

func (m *recomly) routes() []route {
	const campaign = "/campaigns/{campaignId}"
	const advocate = campaign + "/advocates/{advocateId}"
	routes := []route{
		{"GET", "/account", false, m.getAccount},
		{"GET", "/dashboard", false, m.getDashboard},
		{"POST", "/campaigns", true, m.createCampaign},
		{"GET", "/campaigns", false, m.listCampaigns},
		{"GET", campaign, false, m.getCampaign},
		{"PATCH", campaign, true, m.updateCampaign},
		{"DELETE", campaign, true, m.deleteCampaign},
		{"POST", campaign + "/invite", true, m.invite},
		{"GET", campaign + "/advocates", false, m.listAdvocates},
		{"GET", advocate, false, m.getAdvocate},
		{"PATCH", advocate, true, m.updateAdvocate},
		{"DELETE", advocate, true, m.deleteAdvocate},
		{"POST", advocate + "/credit", true, m.credit},
		{"GET", advocate + "/activity", false, m.listActivity},
		{"GET", campaign + "/referrals", false, m.listReferrals},
		{"POST", campaign + "/referrals/{referralId}/convert", true, m.convert},
		{"GET", "/api-keys", false, m.listKeys},
		{"POST", "/api-keys", true, m.createKey},
		{"DELETE", "/api-keys/{keyId}", true, m.deleteKey},
	}
	for i := range routes {
		routes[i].serve = m.guarded(routes[i])
	}
	return routes
}

// guarded puts before a route what every call of the vendor has to pass.
func (m *recomly) guarded(r route) func(*call) answer {
	return func(c *call) answer {
		media, _, _ := strings.Cut(c.request.Header.Get("Content-Type"), ";")
		switch {
		case m.behaviour.NoAPI:
			return m.refuse(http.StatusForbidden, "API access is not part of your plan")
		case m.behaviour.ReadOnlyKey && r.writes:
			return m.refuse(http.StatusForbidden, "admin role required")
		case !strings.EqualFold(strings.TrimSpace(media), "application/json"):
			// Required of every call, even one without a body.
			return m.refuse(http.StatusBadRequest, "Content-Type must be application/json")
		}
		return r.serve(c)
	}
}

// refuse is the vendor's envelope of an error: one string.
func (m *recomly) refuse(status int, message string) answer {
	return jsonAnswer(status, map[string]string{"error": message})
}

func (m *recomly) missing(what string) answer {
	return m.refuse(http.StatusNotFound, what+" not found")
}

// instant is now, as the vendor writes it.
func (m *recomly) instant() string { return m.now().UTC().Format("2006-01-02T15:04:05.000Z") }

func (m *recomly) state() RecomlyState {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.org.state()
}

func (m *recomly) replace(s RecomlyState) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.org = newOrganisation(s, m.seed, m.instant())
	m.changed()
}

// commit counts a change and has it saved. The caller holds the lock.
func (m *recomly) commit(count func(*RecomlyCounts)) {
	m.tally.add(func(n *Counts) { count(&n.Recomly) })
	m.changed()
}
