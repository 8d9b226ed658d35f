package referralfactory

import (
	"context"

	"github.com/refbulk/refbulk/pkg/engine"
)

// Overview reads the campaigns and, by the first page of them, how many users
// the account has: nil when the API does not say.
func (c *Client) Overview(try engine.Try) ([]*Campaign, *int64, error) {
	found, err := readCampaigns(c, try)
	if err != nil {
		return nil, nil, err
	}
	var page Page[User]
	err = try(func(ctx context.Context) (err error) {
		page, err = c.ListUsers(ctx, 1)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	users := int64(page.Total)
	if users == 0 && page.More {
		return found.all, nil, nil
	}
	users = max(users, int64(len(page.Data)))
	return found.all, &users, nil
}
