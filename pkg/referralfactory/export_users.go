package referralfactory

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/refbulk/refbulk/pkg/engine"
	"github.com/refbulk/refbulk/pkg/export"
	"github.com/refbulk/refbulk/pkg/fields"
)

// The columns of an export of users. The first are those of an import; an
// import knows the others, too, and passes over them.
var (
	userColumns = slices.Concat(
		export.Numbers("id"), export.Texts("code", "email", "first_name"), export.Numbers("campaign_id", "referrer_id"),
		[]export.Column{{Name: "qualified", Kind: export.Flag}},
		export.Texts("url", "type", "source", "signed_up_at", "qualified_at", "unsubscribed_at"),
	)
	analyticsColumns = export.Numbers("reach", "referrals", "qualified_referrals")
)

// userWriter fills rows with users.
type userWriter struct {
	options ExportOptions
	meta    map[string]int // place of the column of a label
	folded  map[string]int // the same, by the label in lower case
	after   int            // place behind the standard columns
	strange map[string]int // labels that no campaign has → people who have them
}

// exportUsers streams all users of the account, or of one campaign.
func (c *Client) exportUsers(o ExportOptions, try engine.Try, all *campaigns) export.Source {
	columns := slices.Clone(userColumns)
	w := &userWriter{options: o, meta: map[string]int{}, folded: map[string]int{}, after: len(columns), strange: map[string]int{}}
	if o.Analytics {
		columns = append(columns, analyticsColumns...)
	}
	labels := all.labels()
	if o.Campaign != 0 {
		labels = (&campaigns{all: []*Campaign{all.byID[o.Campaign]}}).labels()
	}
	for _, label := range labels {
		w.meta[label] = len(columns)
		if _, taken := w.folded[strings.ToLower(label)]; !taken {
			w.folded[strings.ToLower(label)] = len(columns)
		}
		columns = append(columns, export.Texts(fields.Meta+label)...)
	}
	listing := c.AllUsers(try)
	if o.Analytics {
		listing.fetch = func(ctx context.Context, n int) (Page[User], error) {
			return listWith[User](ctx, c, "/users", "user.analytics", n)
		}
	}
	return &reading[User]{columns: columns, listing: listing, options: o, what: "users", row: w.row, end: w.end}
}

// wants reports whether a user is among those asked for.
func (w *userWriter) wants(u *User) bool {
	o := w.options
	switch {
	case o.Campaign != 0 && u.CampaignID != o.Campaign, o.Role != "" && u.Type != o.Role,
		o.Qualified != nil && u.Qualified() != *o.Qualified:
		return false
	}
	return o.on(u.SignedUpAt, u.QualifiedAt)
}

// row fills the cells of a user. Only a lead is called qualified: an import
// would not take it of anybody else.
func (w *userWriter) row(u *User, cells []string) bool {
	if !w.wants(u) {
		return false
	}
	qualified := ""
	if u.Qualified() && u.Type == Invited {
		qualified = "yes"
	}
	copy(cells, []string{
		cellOf(u.ID), u.Code, u.Email, u.FirstName, cellOf(u.CampaignID), cellOf(u.ReferrerID), qualified,
		u.URL, u.Type, u.Source, u.SignedUpAt, u.QualifiedAt, u.UnsubscribedAt,
	})
	if w.options.Analytics && u.Analytics != nil {
		copy(cells[w.after:], []string{
			strconv.FormatInt(u.Analytics.Reach, 10), strconv.FormatInt(u.Analytics.Referrals, 10), strconv.FormatInt(u.Analytics.Qualified, 10),
		})
	}
	for _, m := range u.Meta {
		place, ok := w.meta[m.Field]
		if !ok {
			place, ok = w.folded[strings.ToLower(m.Field)]
		}
		switch text := m.Text(); {
		case text == "":
		case !ok:
			w.strange[m.Field]++
		case cells[place] == "":
			cells[place] = text
		}
	}
	return true
}

// end tells of values that have no column.
func (w *userWriter) end() {
	for label, n := range w.strange {
		w.options.Log.Warn(fmt.Sprintf("%d of the users have a value for %q, which is no field of a campaign any more: it is not in the export", n, label))
	}
}

// The columns of an export of campaigns.
var (
	campaignColumns = slices.Concat(
		export.Numbers("id"), export.Texts("name", "code", "status", "url", "lang", "starts_at", "ends_at", "created_at", "fields_referring", "fields_invited"),
	)
	campaignAnalytics = export.Numbers("reach", "users", "referrals", "qualified_referrals")
)

// exportCampaigns gives all campaigns, which were read already unless their
// counts are asked for.
func (c *Client) exportCampaigns(o ExportOptions, try engine.Try, all *campaigns) export.Source {
	columns, after := slices.Clone(campaignColumns), len(campaignColumns)
	r := &reading[Campaign]{options: o, what: "campaigns"}
	fetch := func(context.Context, int) (page Page[Campaign], _ error) {
		for _, campaign := range all.all {
			page.Data = append(page.Data, *campaign)
		}
		page.Total = len(page.Data)
		return page, nil
	}
	if o.Analytics {
		columns = append(columns, campaignAnalytics...)
		fetch = func(ctx context.Context, n int) (Page[Campaign], error) {
			return listWith[Campaign](ctx, c, "/campaigns", "campaign.analytics", n)
		}
	}
	r.columns = columns
	r.listing = newListing(try, fetch, func(c *Campaign) int64 { return c.ID })
	r.row = func(c *Campaign, cells []string) bool {
		copy(cells, []string{cellOf(c.ID), c.Name, c.Code, c.Status, c.URL, c.Lang, c.StartsAt, c.EndsAt, c.CreatedAt,
			c.asks(Referring), c.asks(Invited)})
		if a := c.Analytics; o.Analytics && a != nil {
			copy(cells[after:], []string{strconv.FormatInt(a.Reach, 10), strconv.FormatInt(a.Users, 10),
				strconv.FormatInt(a.Referrals, 10), strconv.FormatInt(a.Qualified, 10)})
		}
		return true
	}
	return r
}

// asks lists the fields that people of a role are asked for: City, Size* (S,
// M, L). A star stands for one that is required.
func (c *Campaign) asks(role string) string {
	var all []string
	for _, f := range c.Fields {
		if f.Role != role {
			continue
		}
		text := f.Label
		if f.Required {
			text += "*"
		}
		if f.Options != nil {
			text += " (" + strings.Join(f.Options, ", ") + ")"
		}
		all = append(all, text)
	}
	return strings.Join(all, "; ")
}
