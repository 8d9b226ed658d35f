package referralfactory

import (
	"context"
	"io"
	"sync"

	"github.com/refbulk/refbulk/pkg/engine"
)

// standing is how a reward stands.
type standing int

const (
	nowhere standing = iota // in neither list
	owed                    // due, and can be issued
	held                    // due, and cannot be issued yet
	issued
)

// position is how a reward stands, and the metric of a due one.
type position struct {
	standing
	metric string
}

// rewardIndex is what is known of rewards: all that were due when the run
// began, and, once a row asked for one that was not, the numbers of those that
// were issued. It is safe for concurrent use.
type rewardIndex struct {
	client *Client
	steady bool // due was read from lists that held still; set before the index is shared

	mu     sync.RWMutex
	due    map[int64]position
	issued idSet

	turn    chan struct{} // of size one: who has put something in it reads the issued
	reading []*Listing[Reward]
	read    bool // all issued are known
}

func newRewardIndex(c *Client) *rewardIndex {
	return &rewardIndex{client: c, due: map[int64]position{}, turn: make(chan struct{}, 1)}
}

// list reads what is due of all metrics.
func (x *rewardIndex) list(try engine.Try) error {
	x.steady = true
	for _, metric := range Metrics {
		listing := x.client.AllDue(metric, try)
		err := each(listing, func(r *Reward) bool {
			x.set(r.ID, positionOf(r))
			return true
		})
		if err != nil {
			return err
		}
		for _, id := range listing.Went() {
			x.set(id, position{})
		}
		x.steady = x.steady && listing.Steady()
	}
	return nil
}

// each reads a listing until do has enough.
func each[T any](l *Listing[T], do func(*T) bool) error {
	for {
		page, err := l.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		for i := range page {
			if !do(&page[i]) {
				return nil
			}
		}
	}
}

func positionOf(r *Reward) position {
	if r.CanBeIssued {
		return position{owed, r.Metric}
	}
	return position{held, r.Metric}
}

// set keeps how a reward stands now.
func (x *rewardIndex) set(id int64, p position) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.due, id)
	switch p.standing {
	case owed, held:
		x.due[id] = p
	case issued:
		x.issued.add(id)
	}
}

func (x *rewardIndex) get(id int64) position {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if p, ok := x.due[id]; ok {
		return p
	}
	if x.issued.has(id) {
		return position{standing: issued}
	}
	return position{}
}

// known is how a reward stood when it was last read. What is in no list is
// asked for again where the lists moved while they were read.
func (x *rewardIndex) known(ctx context.Context, id int64) (position, error) {
	found := x.get(id)
	if found.standing == nowhere {
		if err := x.readIssued(ctx); err != nil {
			return position{}, err
		}
		found = x.get(id)
	}
	if found.standing == nowhere && !x.steady {
		return x.ask(ctx, id)
	}
	return found, nil
}

// readIssued reads the numbers of all issued rewards, once: the API has no
// call for one reward. When a call fails, the next goes on where it was.
func (x *rewardIndex) readIssued(ctx context.Context) error {
	select {
	case x.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-x.turn }()
	if x.read {
		return nil
	}
	if x.reading == nil {
		for _, metric := range Metrics {
			x.reading = append(x.reading, x.client.AllIssued(metric, nil))
		}
	}
	for _, listing := range x.reading {
		listing.try = once(ctx)
		err := each(listing, func(r *Reward) bool {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.issued.add(r.ID) // and what is due stays due: the numbers may be counted apart
			return true
		})
		if err != nil {
			return err
		}
	}
	x.read, x.reading = true, nil
	return nil
}

// once makes a call a single time: who asked tries again.
func once(ctx context.Context) engine.Try {
	return func(op func(context.Context) error) error { return op(ctx) }
}

// ask finds out at the API how a reward stands now, by its lists: what is due
// first, for that decides about money.
func (x *rewardIndex) ask(ctx context.Context, id int64) (position, error) {
	found, err := seek(ctx, x.client.AllDue, id, positionOf)
	if err == nil && found.standing == nowhere {
		found, err = seek(ctx, x.client.AllIssued, id, func(*Reward) position { return position{standing: issued} })
	}
	if err != nil {
		return position{}, err
	}
	x.set(id, found)
	return found, nil
}

// seek goes through the lists of all metrics until it meets a reward.
func seek(ctx context.Context, all func(string, engine.Try) *Listing[Reward], id int64, is func(*Reward) position) (found position, err error) {
	for _, metric := range Metrics {
		err = each(all(metric, once(ctx)), func(r *Reward) bool {
			if r.ID == id {
				found = is(r)
			}
			return found.standing == nowhere
		})
		if err != nil || found.standing != nowhere {
			break
		}
	}
	return found, err
}
