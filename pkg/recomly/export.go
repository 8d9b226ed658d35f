package recomly

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/engine"
	"github.com/refbulk/refbulk/pkg/export"
	"github.com/refbulk/refbulk/pkg/row"
)

// ActivityName is a resource of an export alone.
const ActivityName = "activity"

// ExportNames are the resources of an export.
var ExportNames = []string{CampaignsName, AdvocatesName, ReferralsName, ActivityName}

// ExportOptions say what of a resource is exported.
type ExportOptions struct {
	Campaign string    // id; "" = all that are not deleted
	State    string    // of referrals: Pending, Converted or Expired; "" = all
	Since    time.Time // the first day of what is wanted; zero = all
	Log      *slog.Logger
}

func (o ExportOptions) check(resource string) error {
	switch {
	case !slices.Contains(ExportNames, resource):
		return fmt.Errorf("there is no export of %q at Recomly; there is %s", resource, strings.Join(ExportNames, ", "))
	case o.State != "" && resource != ReferralsName:
		return fmt.Errorf("--state is for referrals, not for %s", resource)
	case o.State != "" && !slices.Contains([]string{Pending, Converted, Expired}, o.State):
		return fmt.Errorf("--state %q is none of referrals; use %s, %s or %s", o.State, Pending, Converted, Expired)
	}
	return nil
}

// on reports whether something of this instant is wanted. An instant that
// cannot be read leaves nothing out.
func (o ExportOptions) on(instant string) bool {
	at, err := time.Parse(time.RFC3339Nano, instant)
	return o.Since.IsZero() || err != nil || !at.Before(o.Since)
}

// Export starts to read a resource. The calls are made through try, the first
// of them here.
func (c *Client) Export(resource string, o ExportOptions, try engine.Try) (export.Source, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := o.check(resource); err != nil {
		return nil, err
	}
	b := &base{client: c}
	if err := b.Open(try); err != nil {
		return nil, err
	}
	x := &exporting{client: c, options: o, try: try}
	deleted := 0
	for _, id := range b.campaigns.order {
		switch campaign := b.campaigns.byID[id]; {
		case o.Campaign != "" && id != o.Campaign:
		case campaign.Status == Deleted && o.Campaign == "":
			deleted++
		default:
			x.campaigns = append(x.campaigns, campaign)
		}
	}
	if o.Campaign != "" && len(x.campaigns) == 0 {
		return nil, fmt.Errorf("--campaign %s is no campaign of this account; there are %s", o.Campaign, b.campaigns.list())
	}
	if deleted > 0 {
		o.Log.Info(fmt.Sprintf("%d deleted campaigns are left out; name one with --campaign", deleted))
	}
	return x.source(resource), nil
}

// exporting is what the sources of an export share.
type exporting struct {
	client    *Client
	options   ExportOptions
	try       engine.Try
	campaigns []*Campaign
}

// source reads one list after the other: of each campaign, or of each of its
// advocates.
func (x *exporting) source(resource string) export.Source {
	switch resource {
	case CampaignsName:
		return &source{columns: campaignColumns, next: x.theCampaigns()}
	case AdvocatesName:
		return &source{columns: advocateColumns, next: perCampaign(x, x.advocates, advocateID, x.advocate)}
	case ReferralsName:
		return &source{columns: referralColumns, next: perCampaign(x, x.referrals, func(r *Referral) string { return r.ID }, x.referral)}
	}
	return &source{columns: activityColumns, next: x.activities()}
}

// advocates and referrals read a page of a campaign's list, whose items need
// not say whose they are.
func (x *exporting) advocates(ctx context.Context, campaign, token string, each func(*Advocate)) (Page, error) {
	return x.client.ListAdvocates(ctx, campaign, token, func(a *Advocate) {
		a.CampaignID = cmp.Or(a.CampaignID, campaign)
		each(a)
	})
}

func (x *exporting) referrals(ctx context.Context, campaign, token string, each func(*Referral)) (Page, error) {
	return x.client.ListReferrals(ctx, campaign, token, func(r *Referral) {
		r.CampaignID = cmp.Or(r.CampaignID, campaign)
		each(r)
	})
}

// source gives rows as a function finds them.
type source struct {
	columns []export.Column
	next    func() (export.Page, error)
}

// Columns implements export.Source.
func (s *source) Columns() []export.Column { return s.columns }

// Next implements export.Source.
func (s *source) Next() (export.Page, error) { return s.next() }

func advocateID(a *Advocate) string { return a.ID }

// lister reads a page of a list of one campaign.
type lister[T any] func(ctx context.Context, campaign, token string, each func(*T)) (Page, error)

// cursor goes through the pages of one list and gives each item once.
type cursor[T any] struct {
	list  func(ctx context.Context, token string, each func(*T)) (Page, error)
	id    func(*T) string
	token string
	seen  map[row.Fingerprint]struct{}
	done  bool
}

// next reads a further page through try.
func (c *cursor[T]) next(try engine.Try) ([]T, error) {
	var items []T
	var page Page
	err := try(func(ctx context.Context) (err error) {
		items = items[:0]
		page, err = c.list(ctx, c.token, func(item *T) { items = append(items, *item) })
		return err
	})
	if err != nil {
		return nil, err
	}
	if page.Next != "" && page.Next == c.token {
		return nil, fmt.Errorf("reading a list: the API gives the same page for ever")
	}
	c.token, c.done = page.Next, page.Next == ""
	if c.seen == nil {
		c.seen = map[row.Fingerprint]struct{}{}
	}
	return slices.DeleteFunc(items, func(item T) bool {
		key := row.FingerprintOf(c.id(&item))
		_, twice := c.seen[key]
		c.seen[key] = struct{}{}
		return twice
	}), nil
}

// perCampaign goes through the list of every campaign.
func perCampaign[T any](x *exporting, list lister[T], id func(*T) string, cells func(*T) []string) func() (export.Page, error) {
	left := x.campaigns
	var at *cursor[T]
	return func() (export.Page, error) {
		if at == nil || at.done {
			if len(left) == 0 {
				return export.Page{}, io.EOF
			}
			campaign := left[0].ID
			at = &cursor[T]{id: id, list: func(ctx context.Context, token string, each func(*T)) (Page, error) {
				return list(ctx, campaign, token, each)
			}}
			left = left[1:]
		}
		items, err := at.next(x.try)
		return pageOf(items, cells), err
	}
}

// pageOf makes rows of items; nil cells leave an item out.
func pageOf[T any](items []T, cells func(*T) []string) export.Page {
	page := export.Page{Read: len(items)}
	for i := range items {
		if row := cells(&items[i]); row != nil {
			page.Rows = append(page.Rows, row)
		}
	}
	return page
}

// ledgers goes through the activity of all advocates, a call for each at
// least: the API has no list over several of them.
type ledgers struct {
	*exporting
	advocates func() (export.Page, error)
	waiting   [][]string // campaign and id of advocates
	at        *cursor[Activity]
	cut       int // ledgers of which the API may have kept the older entries
}

func (x *exporting) activities() func() (export.Page, error) {
	l := &ledgers{exporting: x, advocates: perCampaign(x, x.advocates, advocateID, func(a *Advocate) []string {
		return []string{a.CampaignID, a.ID}
	})}
	return l.next
}

func (l *ledgers) next() (export.Page, error) {
	if err := l.turn(); err != nil {
		return export.Page{}, err
	}
	first := l.at.token == ""
	items, err := l.at.next(l.try)
	if api.VerdictOf(err) == api.Refused && api.StatusOf(err) == http.StatusNotFound {
		l.options.Log.Info("an advocate was removed while the activity was read; theirs is not in the export")
		l.at = nil
		return export.Page{}, nil
	}
	if first && l.at.done && len(items) == oldActivity {
		l.cut++
	}
	return pageOf(items, l.activity), err
}

// turn goes on to the next advocate when the ledger of one has been read.
func (l *ledgers) turn() error {
	if l.at != nil && !l.at.done {
		return nil
	}
	for len(l.waiting) == 0 {
		page, err := l.advocates()
		if err == io.EOF && l.cut > 0 {
			l.options.Log.Warn(fmt.Sprintf("of %d advocates the API gave the latest %d entries and no way to more: older ones may be missing", l.cut, oldActivity))
		}
		if err != nil {
			return err
		}
		l.waiting = page.Rows
	}
	who := l.waiting[0]
	l.waiting = l.waiting[1:]
	l.at = &cursor[Activity]{id: func(a *Activity) string { return a.ID }, list: func(ctx context.Context, token string, each func(*Activity)) (Page, error) {
		return l.client.ListActivity(ctx, who[0], who[1], token, each)
	}}
	return nil
}

func cell(n int64) string { return strconv.FormatInt(n, 10) }
