package recomly

import (
	"context"
	"strings"

	"github.com/refbulk/refbulk/pkg/fields"
	"github.com/refbulk/refbulk/pkg/row"
)

// pile is what is known of one campaign's referrals: of each id, status, the
// advocate and who sent the friend, in one text, and its number under its id
// and under the friend's e-mail. It is safe for concurrent use once read.
type pile struct {
	pages    int      // in which it was read
	all      []string // packed
	byID     map[row.Fingerprint]uint32
	byFriend map[row.Fingerprint][]uint32
}

func newPile() *pile {
	return &pile{byID: map[row.Fingerprint]uint32{}, byFriend: map[row.Fingerprint][]uint32{}}
}

// put adds a referral while the pile is read. A page that is read twice adds
// nothing twice.
func (p *pile) put(r *Referral) {
	packed := strings.Join([]string{r.ID, r.Status, r.AdvocateID, r.AdvocateName, r.FriendEmail}, between)
	id := row.FingerprintOf(r.ID)
	if at, there := p.byID[id]; there {
		p.all[at] = packed
		return
	}
	at := uint32(len(p.all))
	p.all = append(p.all, packed)
	p.byID[id] = at
	if r.FriendEmail != "" {
		key := row.FingerprintOf(fields.SameEmail(r.FriendEmail))
		p.byFriend[key] = append(p.byFriend[key], at)
	}
}

func (p *pile) get(at uint32) Referral {
	parts := strings.Split(p.all[at], between)
	return Referral{ID: parts[0], Status: parts[1], AdvocateID: parts[2], AdvocateName: parts[3], FriendEmail: parts[4]}
}

// find gives the referrals that the row can mean.
func (p *pile) find(f *friend) []Referral {
	if f.id != "" {
		if at, ok := p.byID[row.FingerprintOf(f.id)]; ok {
			return []Referral{p.get(at)}
		}
		return nil
	}
	var found []Referral
	for _, at := range p.byFriend[row.FingerprintOf(fields.SameEmail(f.email))] {
		found = append(found, p.get(at))
	}
	return found
}

// referralSlot holds the pile of one campaign, and the turn to convert in it.
type referralSlot struct {
	reading    chan struct{} // of size one: who has put something in it reads the list
	pile       *pile         // read and written by who reads
	converting chan struct{} // of size one: who has put something in it converts
}

func (r *Referrals) slot(campaign string) *referralSlot {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.slots[campaign]
	if s == nil {
		s = &referralSlot{reading: make(chan struct{}, 1), converting: make(chan struct{}, 1)}
		r.slots[campaign] = s
	}
	return s
}

// take waits for a turn.
func take(ctx context.Context, turn chan struct{}) (give func(), err error) {
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// pile lists a campaign's referrals of all kinds, once.
func (r *Referrals) pile(ctx context.Context, campaign string) (*pile, error) {
	s := r.slot(campaign)
	give, err := take(ctx, s.reading)
	if err != nil {
		return nil, err
	}
	defer give()
	if s.pile == nil {
		fresh, err := r.readPile(ctx, campaign)
		if err != nil {
			return nil, err
		}
		s.pile = fresh
	}
	return s.pile, nil
}

func (r *Referrals) readPile(ctx context.Context, campaign string) (*pile, error) {
	fresh := newPile()
	_, err := pages(func(token string) (Page, error) {
		fresh.pages++
		return r.client.ListReferrals(ctx, campaign, token, fresh.put)
	})
	return fresh, err
}
