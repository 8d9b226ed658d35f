package sandbox

import (
	"cmp"
	"slices"
	"strings"
)

// organisation is a RecomlyState with indexes: nothing an invitation or a
// conversion does takes longer the more advocates there are. It knows no rules
// and takes no locks.
type organisation struct {
	RecomlyOrg
	seed uint64
	next int64
	now  string // when it was loaded

	campaigns rack[RecomlyCampaign]
	advocates rack[RecomlyAdvocate]
	referrals rack[RecomlyReferral]
	activity  []*RecomlyActivity // oldest first
	ledgers   map[string][]*RecomlyActivity
	contacts  map[contact][]string // advocates by campaign and contact
	friends   map[contact][]string // referrals by campaign and the friend's contact
	keys      []recomlyKey
}

// contact is an e-mail address, folded, or a phone number, in a campaign.
type contact struct{ campaign, value string }

// rack holds rows by id, in the order in which they came.
type rack[T any] struct {
	rows map[string]*T
	ids  []string
}

func (s *rack[T]) put(id string, row *T) {
	if s.rows == nil {
		s.rows = map[string]*T{}
	}
	if s.rows[id] == nil {
		s.ids = append(s.ids, id)
	}
	s.rows[id] = row
}

func (s *rack[T]) get(id string) *T { return s.rows[id] }

func (s *rack[T]) drop(id string) {
	delete(s.rows, id)
	s.ids = slices.DeleteFunc(s.ids, func(x string) bool { return x == id })
}

// all gives the rows that are wanted, in order.
func (s *rack[T]) all(want func(*T) bool) []*T {
	var out []*T
	for _, id := range s.ids {
		if r := s.rows[id]; want(r) {
			out = append(out, r)
		}
	}
	return out
}

func copies[T any](rows []*T) []T {
	var out []T
	for _, r := range rows {
		out = append(out, *r)
	}
	return out
}

func every[T any](*T) bool { return true }

// newOrganisation takes a checked state and fills in what it leaves open.
func newOrganisation(s RecomlyState, seed uint64, now string) *organisation {
	o := &organisation{
		RecomlyOrg: s.Org, seed: seed, next: max(s.Next, 1), now: now,
		ledgers: map[string][]*RecomlyActivity{}, contacts: map[contact][]string{}, friends: map[contact][]string{},
	}
	o.ID, o.Name, o.Tier = cmp.Or(o.ID, uuidFor(seed, 0)), cmp.Or(o.Name, "Example"), cmp.Or(o.Tier, "pro")
	// The numbers of the sample that the vendor's account page shows.
	o.Quotas = cmp.Or(o.Quotas, RecomlyQuota{Users: 5, Campaigns: 10, Advocates: 1000, Referrals: 1000})
	for _, c := range s.Campaigns {
		c.Status, c.MaxReferrals = cmp.Or(c.Status, "active"), cmp.Or(c.MaxReferrals, 10)
		c.CreatedAt = cmp.Or(c.CreatedAt, now)
		o.campaigns.put(c.ID, &c)
	}
	for _, a := range s.Advocates {
		o.addAdvocate(a)
	}
	for _, r := range s.Referrals {
		r.CreatedAt = cmp.Or(r.CreatedAt, now)
		o.referrals.put(r.ID, &r)
		for _, key := range o.contactsOf(r.CampaignID, r.FriendEmail, r.FriendPhone) {
			o.friends[key] = append(o.friends[key], r.ID)
		}
	}
	for _, a := range s.Activity {
		o.log(a)
	}
	return o
}

// newID is an id that was never given. Ids of a loaded state may look the
// same: those are passed over.
func (o *organisation) newID() string {
	for {
		id := uuidFor(o.seed, o.next)
		o.next++
		if o.campaigns.get(id) == nil && o.advocates.get(id) == nil && o.referrals.get(id) == nil {
			return id
		}
	}
}

// contactsOf are the keys of an e-mail and a phone, of which either may be
// empty.
func (o *organisation) contactsOf(campaign, email, phone string) []contact {
	var keys []contact
	if email != "" {
		keys = append(keys, contact{campaign, strings.ToLower(email)})
	}
	if phone != "" {
		keys = append(keys, contact{campaign, phone})
	}
	return keys
}

// met gives the ids under any of the keys, each once.
func met(index map[contact][]string, keys []contact) []string {
	var ids []string
	for _, key := range keys {
		for _, id := range index[key] {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// addAdvocate stores a, completed by what it leaves empty.
func (o *organisation) addAdvocate(a RecomlyAdvocate) *RecomlyAdvocate {
	if a.ID == "" {
		a.ID = o.newID()
	}
	n := mix(o.seed + 7)
	for _, c := range a.ID {
		n = mix(n ^ uint64(c))
	}
	a.ReferralCode = cmp.Or(a.ReferralCode, hexOf(n, 1)[:8])
	a.PortalToken = cmp.Or(a.PortalToken, hexOf(mix(n), 4))
	a.EnrolledAt = cmp.Or(a.EnrolledAt, o.now)
	a.Preference = cmp.Or(a.Preference, preferenceOf(a.Email, a.Phone))
	o.advocates.put(a.ID, &a)
	for _, key := range o.contactsOf(a.CampaignID, a.Email, a.Phone) {
		o.contacts[key] = append(o.contacts[key], a.ID)
	}
	return &a
}

// preferenceOf follows the contacts given.
func preferenceOf(email, phone string) string {
	switch {
	case phone == "":
		return "email"
	case email == "":
		return "sms"
	}
	return "both"
}

// forgetContacts takes an advocate out of the index of contacts.
func (o *organisation) forgetContacts(a *RecomlyAdvocate) {
	for _, key := range o.contactsOf(a.CampaignID, a.Email, a.Phone) {
		rest := slices.DeleteFunc(o.contacts[key], func(id string) bool { return id == a.ID })
		if len(rest) == 0 {
			delete(o.contacts, key)
			continue
		}
		o.contacts[key] = rest
	}
}

func (o *organisation) log(a RecomlyActivity) {
	if a.ID == "" {
		a.ID = o.newID()
	}
	o.activity = append(o.activity, &a)
	o.ledgers[a.AdvocateID] = append(o.ledgers[a.AdvocateID], &a)
}

func (o *organisation) state() RecomlyState {
	return RecomlyState{
		Org: o.RecomlyOrg, Campaigns: copies(o.campaigns.all(every)), Advocates: copies(o.advocates.all(every)),
		Referrals: copies(o.referrals.all(every)), Activity: copies(o.activity), Next: o.next,
	}
}

// hexOf is 16 hexadecimal digits a word.
func hexOf(seed uint64, words int) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	for range words {
		seed = mix(seed)
		for shift := 60; shift >= 0; shift -= 4 {
			b.WriteByte(digits[seed>>shift&15])
		}
	}
	return b.String()
}
