package recomly

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/engine"
)

// Overview reads the campaigns that are not deleted, the account with its
// quotas, and how many advocates it has. Account and advocates are nil when
// the API refuses to show them.
func (c *Client) Overview(try engine.Try) ([]*Campaign, *Account, *int64, error) {
	b := &base{client: c, options: Options{Log: slog.New(slog.DiscardHandler)}}
	if err := b.Open(try); err != nil {
		return nil, nil, nil, err
	}
	var live []*Campaign
	for _, id := range b.campaigns.order {
		if x := b.campaigns.get(id); x != nil {
			live = append(live, x)
		}
	}
	account, err := b.account(try)
	if err != nil {
		return nil, nil, nil, err
	}
	var advocates int64
	err = try(func(ctx context.Context) (err error) {
		advocates, err = c.CountAdvocates(ctx)
		return err
	})
	switch {
	case api.VerdictOf(err) == api.Refused:
		return live, account, nil, nil
	case err != nil:
		return nil, nil, nil, err
	}
	return live, account, &advocates, nil
}

// Terms is what a campaign gives, in words.
func (c *Campaign) Terms() string {
	show := dollars
	if c.RewardMode == Percent {
		show = percent
	}
	terms := fmt.Sprintf("%s for the advocate, %s for the friend", show(c.AdvocateReward), show(c.FriendReward))
	if c.MaxReferrals > 0 {
		terms += fmt.Sprintf(", up to %d referrals each", c.MaxReferrals)
	}
	if c.ExpiresAt != "" {
		terms += ", until " + c.ExpiresAt
	}
	return terms
}
