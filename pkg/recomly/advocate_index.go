package recomly

import (
	"context"
	"strings"
	"sync"

	"github.com/refbulk/refbulk/pkg/fields"
	"github.com/refbulk/refbulk/pkg/row"
)

// roster is what is known of one campaign's advocates: for each the id, the
// code and the time of enrolment in one text, and four bytes and a fingerprint
// under every name by which a row can mean it, which comes to 190 bytes with
// both contacts. What a change needs to know beyond that is kept only for files
// that change advocates. It is safe for concurrent use.
type roster struct {
	keep bool // what a change needs to know, too

	mu      sync.RWMutex
	all     []string // packed
	place   map[row.Fingerprint]uint32
	org     int64          // advocates of the organisation, 0 when the list did not say
	writes  int            // of this run
	written map[uint32]int // place → number of its latest write
}

func newRoster(keep bool) *roster {
	return &roster{keep: keep, place: map[row.Fingerprint]uint32{}, written: map[uint32]int{}}
}

// between stands between the parts of a packed advocate: no name or address
// has it.
const between = "\x00"

func (r *roster) pack(a *Advocate) string {
	if !r.keep {
		return a.ID + between + a.ReferralCode + between + a.EnrolledAt
	}
	return strings.Join([]string{a.ID, a.ReferralCode, a.EnrolledAt, a.Name, a.Email, a.Phone, a.Preference}, between)
}

func unpack(text string) *Advocate {
	parts := append(strings.Split(text, between), "", "", "", "")
	return &Advocate{
		ID: parts[0], ReferralCode: parts[1], EnrolledAt: parts[2],
		Name: parts[3], Email: parts[4], Phone: parts[5], Preference: parts[6],
	}
}

// names are the fingerprints of the names of an advocate.
func names(a *Advocate) []row.Fingerprint {
	var all []row.Fingerprint
	for _, n := range [...]struct{ kind, value string }{{"id", a.ID}, {"email", a.Email}, {"phone", a.Phone}} {
		switch {
		case n.value == "":
			continue
		case n.kind == "email":
			n.value = fields.SameEmail(n.value)
		case n.kind == "phone":
			n.value = samePhone(n.value)
		}
		all = append(all, row.FingerprintOf(n.kind, n.value))
	}
	return all
}

// wrote takes over what a write of this run made of an advocate.
func (r *roster) wrote(a *Advocate) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.writes++
	r.written[r.put(a)] = r.writes
}

// listed takes over an advocate of a list that was begun when there had been
// so many writes: what was written since is newer than the list.
func (r *roster) listed(a *Advocate, writes int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if at, there := r.place[names(a)[0]]; !there || r.written[at] <= writes {
		r.put(a)
	}
}

// put adds an advocate, or replaces what was known of it: then former names
// mean nobody any more.
func (r *roster) put(a *Advocate) uint32 {
	keys := names(a)
	at, there := r.place[keys[0]]
	if !there {
		at = uint32(len(r.all))
		r.all = append(r.all, "")
	} else if r.keep {
		for _, old := range names(unpack(r.all[at])) {
			if r.place[old] == at {
				delete(r.place, old)
			}
		}
	}
	r.all[at] = r.pack(a)
	for _, key := range keys {
		r.place[key] = at
	}
	return at
}

// sofar is the number of writes up to now.
func (r *roster) sofar() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.writes
}

// advocates of the organisation, as the latest list says; 0 when it does not.
func (r *roster) advocates() int64 {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.org
}

// find gives the advocate whom the row means: by id, else by e-mail or phone.
// Of a person with both contacts, either may be known already.
func (r *roster) find(p *person) *Advocate {
	wanted := &Advocate{ID: p.id}
	if p.operation == create || p.id == "" {
		wanted = &Advocate{Email: p.email, Phone: p.phone}
		if p.operation != create && p.email != "" {
			wanted.Phone = "" // by the address alone: the phone is the new one
		}
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, key := range names(wanted) {
		if at, ok := r.place[key]; ok {
			return unpack(r.all[at])
		}
	}
	return nil
}

// size is how many advocates were ever known. A nil roster knows nobody.
func (r *roster) size() int {
	if r == nil {
		return 0
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.all)
}

// had reports whether the advocate was known when so many were.
func (r *roster) had(id string, size int) bool {
	if r == nil {
		return false
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	at, ok := r.place[row.FingerprintOf("id", id)]
	return ok && int(at) < size
}

// is reports whether the advocate has the address, as far as is known.
func (r *roster) is(a *Advocate, email string) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	at, ok := r.place[row.FingerprintOf("email", fields.SameEmail(email))]
	return ok && unpack(r.all[at]).ID == a.ID
}

// campaignSlot holds the roster of one campaign once it has been read.
type campaignSlot struct {
	turn   chan struct{} // of size one: who has put something in it reads the list
	roster *roster
	read   bool // the roster is whole; read and written in one's turn
}

// slot is the place of a campaign's roster.
func (a *Advocates) slot(campaign string) *campaignSlot {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.slots[campaign]
	if s == nil {
		s = &campaignSlot{turn: make(chan struct{}, 1), roster: newRoster(a.keepAll.Load())}
		a.slots[campaign] = s
	}
	return s
}

// roster lists a campaign's advocates, once, or afresh: workers that ask while
// the list is on its way wait for it.
func (a *Advocates) roster(ctx context.Context, campaign string, fresh bool) (*roster, error) {
	s := a.slot(campaign)
	give, err := take(ctx, s.turn)
	if err != nil {
		return nil, err
	}
	defer give()
	if s.read && !fresh {
		return s.roster, nil
	}
	writes := s.roster.sofar()
	page, err := pages(func(token string) (Page, error) {
		return a.client.ListAdvocates(ctx, campaign, token, func(x *Advocate) { s.roster.listed(x, writes) })
	})
	if err != nil {
		return nil, err
	}
	s.roster.mu.Lock()
	s.roster.org = page.OrgAdvocates
	s.roster.mu.Unlock()
	s.read = true
	return s.roster, nil
}
