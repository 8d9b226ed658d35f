package referralfactory

import (
	"io"
	"slices"

	"github.com/refbulk/refbulk/pkg/engine"
	"github.com/refbulk/refbulk/pkg/export"
)

// The columns of an export of rewards. The number of a promise stands under
// reward_id, never under id: a row of an import that says id means a reward
// that is due.
var (
	rewardColumns = slices.Concat(
		export.Numbers("id"), export.Texts("metric", "state"), export.Numbers("campaign_id", "reward_id"), export.Texts("reward"),
		export.Numbers("recipient_id"), []export.Column{{Name: "can_be_issued", Kind: export.Flag}},
		export.Texts("coupon"), export.Numbers("count", "total"), export.Texts("issued_at", "status"),
	)
	promiseColumns = slices.Concat(
		export.Numbers("reward_id"), export.Texts("metric"), export.Numbers("campaign_id"),
		export.Texts("reward", "reward_for", "reward_type"), export.Numbers("value"), export.Texts("when_referral"),
	)
)

// exportRewards streams the rewards of one state: due, issued, or what the
// campaigns promise. The promises tell which campaign a reward is of.
func (c *Client) exportRewards(o ExportOptions, try engine.Try) (export.Source, error) {
	metrics := Metrics
	if o.Metric != "" {
		metrics = []string{o.Metric}
	}
	if o.State == "" {
		o.State = Due
	}
	chain := &chained{columns: rewardColumns}
	if o.State == Promised {
		chain.columns = promiseColumns
	}
	promises := map[int64]Promise{}
	for _, metric := range metrics {
		if o.State == Promised {
			chain.parts = append(chain.parts, c.exportPromises(o, try, metric))
			continue
		}
		err := each(c.AllPromises(metric, try), func(p *Promise) bool {
			promises[p.ID] = *p
			return true
		})
		if err != nil {
			return nil, err
		}
		chain.parts = append(chain.parts, c.exportOwed(o, try, metric, promises))
	}
	return chain, nil
}

func (c *Client) exportPromises(o ExportOptions, try engine.Try, metric string) export.Source {
	r := &reading[Promise]{columns: promiseColumns, listing: c.AllPromises(metric, try), options: o, what: "rewards"}
	r.row = func(p *Promise, cells []string) bool {
		copy(cells, []string{cellOf(p.ID), metric, cellOf(p.CampaignID), p.Name, p.For, p.Type, p.Value, p.When})
		return o.Campaign == 0 || p.CampaignID == o.Campaign
	}
	return r
}

func (c *Client) exportOwed(o ExportOptions, try engine.Try, metric string, promises map[int64]Promise) export.Source {
	all := c.AllDue
	if o.State == Issued {
		all = c.AllIssued
	}
	r := &reading[Reward]{columns: rewardColumns, listing: all(metric, try), options: o, what: "rewards"}
	r.row = func(w *Reward, cells []string) bool {
		promise := promises[w.RewardID]
		can := ""
		if w.CanBeIssued {
			can = "yes"
		}
		copy(cells, []string{cellOf(w.ID), w.Metric, o.State, cellOf(promise.CampaignID), cellOf(w.RewardID), promise.Name,
			cellOf(w.RecipientID), can, w.Coupon, w.Count, w.Total, w.IssuedAt, w.Status})
		return (o.Campaign == 0 || promise.CampaignID == o.Campaign) && (o.State != Issued || o.on(w.IssuedAt))
	}
	return r
}

// chained is several sources one after the other.
type chained struct {
	columns []export.Column
	parts   []export.Source
}

// Columns implements export.Source.
func (c *chained) Columns() []export.Column { return c.columns }

// Next implements export.Source. How much there is in all is not known before
// the last part.
func (c *chained) Next() (export.Page, error) {
	for len(c.parts) > 0 {
		page, err := c.parts[0].Next()
		if err == io.EOF {
			c.parts = c.parts[1:]
			continue
		}
		page.Total = 0
		return page, err
	}
	return export.Page{}, io.EOF
}
