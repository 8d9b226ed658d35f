package recomly

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// campaigns are those of the account. What stood there when the run began is
// frozen, so that every pass over the file reads the rows alike; what is there
// now is safe for concurrent use.
type campaigns struct {
	began time.Time            // the run, before it asked what is there
	known map[string]*Campaign // by id, when the run began
	order []string             // ids, as the API lists them

	mu      sync.RWMutex
	byID    map[string]*Campaign
	writes  int            // of this run
	written map[string]int // id → number of its latest write
}

func newCampaigns() *campaigns {
	return &campaigns{began: time.Now(), byID: map[string]*Campaign{}, written: map[string]int{}}
}

// wrote takes over what a write of this run made of a campaign.
func (c *campaigns) wrote(x *Campaign) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes++
	c.written[x.ID] = c.writes
	c.put(x)
}

// put adds a campaign, or replaces what was known of it.
func (c *campaigns) put(x *Campaign) {
	if _, there := c.byID[x.ID]; !there {
		c.order = append(c.order, x.ID)
	}
	c.byID[x.ID] = x
}

// get gives a copy of a campaign that is not deleted.
func (c *campaigns) get(id string) *Campaign {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if x := c.byID[id]; x != nil && x.Status != Deleted {
		found := *x
		return &found
	}
	return nil
}

// named gives the campaigns of a name that are not deleted.
func (c *campaigns) named(name string) []Campaign {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var found []Campaign
	for _, id := range c.order {
		if x := c.byID[id]; x.Status != Deleted && sameName(x.Name, name) {
			found = append(found, *x)
		}
	}
	return found
}

// before reports whether a campaign was there before a write left at t: then it
// is not of that write, however new it is.
func (c *campaigns) before(id string, t time.Time) bool {
	return c.known[id] != nil && !t.Before(c.began)
}

// sofar is the number of writes up to now.
func (c *campaigns) sofar() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.writes
}

// renew takes over a list that was begun when there had been so many writes:
// what was written since is newer than the list.
func (c *campaigns) renew(fresh []*Campaign, writes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	listed := map[string]bool{}
	for _, x := range fresh {
		listed[x.ID] = true
		if c.written[x.ID] <= writes {
			c.put(x)
		}
	}
	for id := range c.byID {
		if !listed[id] && c.written[id] <= writes {
			delete(c.byID, id)
		}
	}
	c.order = slices.DeleteFunc(c.order, func(id string) bool { return c.byID[id] == nil })
}

// live counts the campaigns that are not deleted.
func (c *campaigns) live() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	n := 0
	for _, x := range c.byID {
		if x.Status != Deleted {
			n++
		}
	}
	return n
}

// sameName compares names without regard to case and to how they are spaced:
// that finds more of them, and sends less.
func sameName(a, b string) bool { return nameKey(a) == nameKey(b) }

func nameKey(name string) string { return strings.ToLower(strings.Join(strings.Fields(name), " ")) }

// list names the campaigns that were there when the run began, for a message.
func (c *campaigns) list() string {
	var names []string
	for _, id := range slices.Sorted(maps.Keys(c.known)) {
		if x := c.known[id]; x.Status != Deleted {
			names = append(names, fmt.Sprintf("%s %q", id, x.Name))
		}
	}
	const most = 8
	switch {
	case len(names) == 0:
		return "none"
	case len(names) > most:
		names = append(names[:most], fmt.Sprintf("and %d more", len(names)-most))
	}
	return strings.Join(names, ", ")
}
