package referralfactory

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/refbulk/refbulk/pkg/engine"
	"github.com/refbulk/refbulk/pkg/export"
)

// What an export of rewards can be of.
const (
	Due      = "due"
	Issued   = "issued"
	Promised = "dashboard" // the definitions, as the API calls them
)

// ExportOptions say what of a resource is exported. The API has no filters
// that could be relied on: all is read, and what does not fit left out here.
type ExportOptions struct {
	Campaign  int64     // 0 = all
	Role      string    // of users: Referring or Invited; "" = both
	Qualified *bool     // of users; nil = both
	Since     time.Time // the first day of what is wanted; zero = all
	Analytics bool      // of users and campaigns
	Metric    string    // of rewards; "" = all
	State     string    // of rewards: Due, Issued or Promised; "" = Due
	Log       *slog.Logger
}

// check finds options that no resource, or not this one, can follow.
func (o ExportOptions) check(resource string) error {
	users, rewards := resource == UsersName, resource == RewardsName
	switch {
	case !slices.Contains(ExportNames, resource):
		return fmt.Errorf("there is no export of %q at Referral Factory; there is %s", resource, strings.Join(ExportNames, ", "))
	case o.Role != "" && o.Role != Referring && o.Role != Invited:
		return fmt.Errorf("--type %q is none; use %s or %s", o.Role, Referring, Invited)
	case o.Metric != "" && !slices.Contains(Metrics, o.Metric):
		return fmt.Errorf("--metric %q is none; use one of %s", o.Metric, strings.Join(Metrics, ", "))
	case o.State != "" && !slices.Contains([]string{Due, Issued, Promised}, o.State):
		return fmt.Errorf("--state %q is none of rewards; use %s, %s or %s", o.State, Due, Issued, Promised)
	case !users && (o.Role != "" || o.Qualified != nil):
		return fmt.Errorf("--type and --qualified are for users, not for %s", resource)
	case !rewards && (o.Metric != "" || o.State != ""):
		return fmt.Errorf("--metric and --state are for rewards, not for %s", resource)
	case rewards && o.Analytics:
		return fmt.Errorf("--with-analytics is for users and campaigns, not for rewards")
	case !o.Since.IsZero() && !users && o.State != Issued:
		return fmt.Errorf("--since is for users and for issued rewards (--state %s): nothing else has a day", Issued)
	case resource == CampaignsName && o.Campaign != 0:
		return fmt.Errorf("--campaign is for users and rewards; all campaigns are exported")
	}
	return nil
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
	campaigns, err := readCampaigns(c, try)
	if err != nil {
		return nil, err
	}
	if o.Campaign != 0 && campaigns.byID[o.Campaign] == nil {
		return nil, fmt.Errorf("--campaign %d is no campaign of this account; there are %s", o.Campaign, campaigns.list())
	}
	switch resource {
	case CampaignsName:
		return c.exportCampaigns(o, try, campaigns), nil
	case RewardsName:
		return c.exportRewards(o, try)
	}
	return c.exportUsers(o, try, campaigns), nil
}

// reading is a listing on its way into rows, which are good until the next
// page: their cells are overwritten.
type reading[T any] struct {
	columns []export.Column
	listing *Listing[T]
	options ExportOptions
	what    string                  // is read, in the plural, for messages
	row     func(*T, []string) bool // fills the cells, which are empty; false leaves the row out
	end     func()                  // once all was read; nil for nothing

	cells []string
	rows  [][]string
}

// Columns implements export.Source.
func (r *reading[T]) Columns() []export.Column { return r.columns }

// Next implements export.Source.
func (r *reading[T]) Next() (export.Page, error) {
	list, err := r.listing.Next()
	if err != nil {
		r.say(err)
		return export.Page{}, err
	}
	width := len(r.columns)
	if room := width * len(list); len(r.cells) < room {
		r.cells = make([]string, room)
	}
	clear(r.cells)
	r.rows = r.rows[:0]
	free := r.cells
	for i := range list {
		if row := free[:width:width]; r.row(&list[i], row) {
			r.rows, free = append(r.rows, row), free[width:]
		} else {
			clear(row)
		}
	}
	return export.Page{Rows: r.rows, Read: len(list), Total: r.listing.Total()}, nil
}

// say tells, at the end of the list, what happened to it while it was read.
func (r *reading[T]) say(end error) {
	l := r.listing
	if end != io.EOF {
		return
	}
	if r.end != nil {
		r.end()
	}
	if came := l.Came(); came > 0 {
		r.options.Log.Info(fmt.Sprintf("%d of the %s came, or moved between pages, while they were read; they are in the export, each once", came, r.what))
	}
	if went := l.Went(); len(went) > 0 {
		slices.Sort(went)
		r.options.Log.Info(fmt.Sprintf("%d of the %s were deleted while they were read, and may be in the export: %s", len(went), r.what, numbers(went)))
	}
	if !l.Steady() {
		r.options.Log.Warn(fmt.Sprintf("%s kept coming or going while they were read, %d times over: one of them may be missing; export again when less is going on", r.what, mostPasses))
	}
}

// numbers lists a few ids.
func numbers(ids []int64) string {
	const most = 20
	var b strings.Builder
	for i, id := range ids[:min(len(ids), most)] {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.FormatInt(id, 10))
	}
	if len(ids) > most {
		fmt.Fprintf(&b, " and %d more", len(ids)-most)
	}
	return b.String()
}

// cellOf writes an id, and nothing for none.
func cellOf(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

// on reports whether one of the days is the first that is wanted, or later. A
// day that cannot be read leaves nothing out.
func (o ExportOptions) on(days ...string) bool {
	if o.Since.IsZero() {
		return true
	}
	for _, date := range days {
		day, ok := dayOf(date)
		if date != "" && (!ok || !day.Before(o.Since)) {
			return true
		}
	}
	return false
}
