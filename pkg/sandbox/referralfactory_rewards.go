package sandbox

import (
	"net/http"
	"slices"
)

// rewardView is a reward's definition as the API shows one.
type rewardView struct {
	ID           any     `json:"id"`
	CampaignID   any     `json:"campaign_id"`
	Name         string  `json:"name"`
	RewardFor    string  `json:"reward_for"`
	Type         string  `json:"type"`
	Value        float64 `json:"value"`
	WhenReferral string  `json:"when_referral"`
}

// owedView is a due or issued reward as the API shows one: with a coupon, or
// with count and total.
type owedView struct {
	ID          any      `json:"id"`
	RewardID    any      `json:"reward_id"`
	RecipientID any      `json:"recipient_id"`
	CanBeIssued bool     `json:"can_be_issued"`
	Coupon      string   `json:"coupon,omitempty"`
	Count       *int     `json:"count,omitempty"`
	Total       *float64 `json:"total,omitempty"`
	IssuedAt    string   `json:"issued_at,omitempty"`
	Status      string   `json:"status,omitempty"`
}

func (f *referralFactory) listRewards(c *call) answer {
	return serveRewards(f, c, false, f.definitions())
}
func (f *referralFactory) searchRewards(c *call) answer {
	return serveRewards(f, c, true, f.definitions())
}
func (f *referralFactory) listDue(c *call) answer   { return serveRewards(f, c, false, f.dues()) }
func (f *referralFactory) searchDue(c *call) answer { return serveRewards(f, c, true, f.dues()) }
func (f *referralFactory) listIssued(c *call) answer {
	return serveRewards(f, c, false, f.issues())
}
func (f *referralFactory) searchIssued(c *call) answer {
	return serveRewards(f, c, true, f.issues())
}

// shelf is one of the three kinds of reward: where they are, and how one is
// read. Its functions are called under the lock.
type shelf[T any] struct {
	rows    func() *table[T]
	field   func(*T, string) *string
	metric  func(*T) string
	present func(*T) any
}

func (f *referralFactory) definitions() shelf[Reward] {
	return shelf[Reward]{
		rows:   func() *table[Reward] { return &f.account.rewards },
		field:  (*Reward).field,
		metric: func(r *Reward) string { return r.Metric },
		present: func(r *Reward) any {
			return rewardView{f.idView(r.ID), f.idView(r.CampaignID), r.Name, r.RewardFor, r.Metric, r.Value, "qualified"}
		},
	}
}

func (f *referralFactory) dues() shelf[DueReward] {
	return shelf[DueReward]{
		rows:    func() *table[DueReward] { return &f.account.due },
		field:   (*DueReward).field,
		metric:  func(d *DueReward) string { return f.account.rewards.get(d.RewardID).Metric },
		present: func(d *DueReward) any { return f.presentOwed(d) },
	}
}

func (f *referralFactory) issues() shelf[IssuedReward] {
	return shelf[IssuedReward]{
		rows:   func() *table[IssuedReward] { return &f.account.issued },
		field:  (*IssuedReward).field,
		metric: func(i *IssuedReward) string { return f.account.rewards.get(i.RewardID).Metric },
		present: func(i *IssuedReward) any {
			v := f.presentOwed(&i.DueReward)
			v.IssuedAt, v.Status = i.IssuedAt, i.Status
			return v
		},
	}
}

func (f *referralFactory) presentOwed(d *DueReward) owedView {
	v := owedView{
		ID: f.idView(d.ID), RewardID: f.idView(d.RewardID), RecipientID: f.idView(d.RecipientID),
		CanBeIssued: d.CanBeIssued, Coupon: d.Coupon,
	}
	if d.Coupon == "" {
		v.Count, v.Total = &d.Count, &d.Total
	}
	return v
}

// serveRewards lists or searches a shelf, by the metric in the path.
func serveRewards[T any](f *referralFactory, c *call, isSearch bool, s shelf[T]) answer {
	metric := c.params["metric"]
	if !slices.Contains([]string{"amount", "commission", "coupon", "custom"}, metric) {
		return f.refuse(http.StatusNotFound, "there is no such metric: it is amount, commission, coupon or custom")
	}
	q := search{filter: filter{operator: "AND"}}
	var refusal *answer
	if isSearch {
		q, refusal = f.readSearch(c, func(name string) bool { return s.field(new(T), name) != nil })
	} else {
		q.page, refusal = f.readPage(c.query)
	}
	if refusal != nil {
		return *refusal
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	rows := s.rows()
	ids := slices.DeleteFunc(matching(rows, rows.ids, q.filter, s.field), func(id int64) bool {
		return s.metric(rows.get(id)) != metric
	})
	data := []any{}
	for _, id := range q.page.pick(ids, f.behaviour.NewestFirst) {
		data = append(data, s.present(rows.get(id)))
	}
	return f.listAnswer(c, q.page, data, len(ids))
}

// issueReward is POST /rewards/issue/{id}.
func (f *referralFactory) issueReward(c *call) answer {
	f.mu.Lock()
	defer f.mu.Unlock()
	id := c.id("id")
	if before := f.account.issued.get(id); before != nil {
		f.tally.add(func(n *Counts) { n.Repeated.IssueCalls++ })
		return f.issueAgain(before)
	}
	d := f.account.due.get(id)
	switch {
	case d == nil:
		return f.absent("due reward", id, f.account.nextReward)
	case !d.CanBeIssued:
		return f.invalid(problemWith("id", "is a reward that can not be issued yet"))
	}
	return dataAnswer(http.StatusOK, f.issues().present(f.issue(d)))
}

// issue moves a reward from due to issued.
func (f *referralFactory) issue(d *DueReward) *IssuedReward {
	f.account.removeDue(d)
	paid := &IssuedReward{DueReward: *d, IssuedAt: f.today(), Status: "issued"}
	f.account.issued.put(paid.ID, paid)
	f.commit(func(n *Counts) { n.Commits.Issues++ })
	return paid
}

func (f *referralFactory) issueAgain(before *IssuedReward) answer {
	switch f.behaviour.IssueTwice {
	case IssueTwiceInvalid:
		return f.invalid(problemWith("id", "is a reward that was issued already"))
	case IssueTwicePays:
		paid := *before
		paid.ID = f.account.nextReward
		f.account.nextReward++
		f.account.issued.put(paid.ID, &paid)
		f.commit(func(n *Counts) {
			n.Commits.Issues++
			n.Repeated.Issues++
		})
		return dataAnswer(http.StatusOK, f.issues().present(&paid))
	}
	return f.absent("due reward", before.ID, f.account.nextReward)
}

// cancelReward is POST /rewards/cancel/{id}.
func (f *referralFactory) cancelReward(c *call) answer {
	f.mu.Lock()
	defer f.mu.Unlock()
	id := c.id("id")
	d := f.account.due.get(id)
	if d == nil {
		return f.absent("due reward", id, f.account.nextReward)
	}
	f.account.removeDue(d)
	f.commit(func(n *Counts) { n.Commits.Cancels++ })
	return jsonAnswer(http.StatusOK, failure{Message: "reward cancelled"})
}
