package referralfactory

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/refbulk/refbulk/pkg/engine"
	"github.com/refbulk/refbulk/pkg/fields"
	"github.com/refbulk/refbulk/pkg/row"
	"github.com/refbulk/refbulk/pkg/sheet"
)

// OnExisting is what a create does that meets a user who is already there.
type OnExisting string

// The ways of treating a user who is already there.
const (
	Keep   OnExisting = "keep"   // nothing is sent
	Update OnExisting = "update" // the user is changed to what the row says
	Fail   OnExisting = "fail"   // the row is rejected
)

// UserOptions say how rows of users are read and sent.
type UserOptions struct {
	Operation  string     // of rows that do not say; "" = create
	Campaign   int64      // of rows that do not say; 0 = none
	Notify     bool       // let the vendor write to each created person, where the row does not say
	Lookup     Lookup     // "" = auto
	OnExisting OnExisting // "" = keep
	Mappings   []fields.Mapping
	Log        *slog.Logger // nil = nowhere
}

// Users is the resource "users" of an import. Make it with NewUsers, call Open
// where ReadsFirst says so, and Match with the file's header before Intents.
type Users struct {
	client    *Client
	options   UserOptions
	campaigns *campaigns
	columns   fields.Columns

	present *index
	listed  bool // present holds everybody; otherwise only whom other rows wait for

	mu   sync.Mutex
	made idSet // whom this run created

	referrers asked // of a plan
}

var _ engine.Resource = (*Users)(nil)

// NewUsers checks the options.
func NewUsers(client *Client, o UserOptions) (*Users, error) {
	if o.Operation == "" {
		o.Operation = create
	}
	if !slices.Contains(UserOperations, o.Operation) {
		return nil, fmt.Errorf("--operation %q is not an operation of users; use one of %s", o.Operation, strings.Join(UserOperations, ", "))
	}
	if o.Lookup == "" {
		o.Lookup = LookupAuto
	}
	if !slices.Contains([]Lookup{LookupAuto, LookupList, LookupEach, LookupOff}, o.Lookup) {
		return nil, fmt.Errorf("--lookup %q is none; use auto, list, each or off", o.Lookup)
	}
	if o.OnExisting == "" {
		o.OnExisting = Keep
	}
	if !slices.Contains([]OnExisting{Keep, Update, Fail}, o.OnExisting) {
		return nil, fmt.Errorf("--on-existing %q is none; use keep, update or fail", o.OnExisting)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Users{client: client, options: o, campaigns: &campaigns{unread: true}, present: newIndex(0)}, nil
}

// ReadsFirst reports whether the account's campaigns have to be known before
// rows under such headings are sent. They need not where nobody is looked up, no
// column can be a campaign's own field, and none is to be restored.
func (u *Users) ReadsFirst(headers []string) bool {
	o := u.options.Operation
	if u.options.Lookup != LookupOff || o != create && o != qualify && o != unqualify {
		return true
	}
	columns, err := fields.Match(headers, userFields, nil, u.options.Mappings)
	return err != nil || columns.Has("operation") || len(columns.Ignored()) > 0 ||
		slices.ContainsFunc(columns.Names, func(name string) bool { return strings.HasPrefix(name, fields.Meta) })
}

// Open reads the account's campaigns: it is the call that shows whether the
// token is good.
func (u *Users) Open(try engine.Try) error {
	found, err := readCampaigns(u.client, try)
	u.campaigns = found
	return err
}

// Match finds the field of every heading. Its error names everything that
// keeps the file from being used, all missing columns at once.
func (u *Users) Match(headers []string) (fields.Columns, error) {
	columns, err := fields.Match(headers, userFields, u.campaigns.labels(), u.options.Mappings)
	if err != nil {
		return columns, err
	}
	if id := u.options.Campaign; id != 0 && !u.campaigns.unread && u.campaigns.byID[id] == nil {
		return columns, fmt.Errorf("--campaign %d is no campaign of this account; there are %s", id, u.campaigns.list())
	}
	if missing := u.missing(columns); len(missing) > 0 {
		return columns, fmt.Errorf("the file lacks what %s needs: %s\n  its columns are %s\n  if one of them holds it, say so with --map 'HEADER=field'",
			u.options.Operation, strings.Join(missing, "; "), quoted(headers))
	}
	u.columns = columns
	return columns, nil
}

// missing names the columns without which no row of the file could be sent. A
// file with a column of operations is judged row by row.
func (u *Users) missing(c fields.Columns) []string {
	var missing []string
	named := c.Has("id") || c.Has("code") || c.Has("target")
	makes := u.options.Operation == create || u.options.Operation == upsert && !named
	switch {
	case c.Has("email") || c.Has("target"):
	case u.options.Operation == create && !(c.Has("operation") && named):
		missing = append(missing, "a column with the e-mail address (email)")
	case !named:
		missing = append(missing, "a column that says who is meant (email, id or code)")
	}
	if c.Has("operation") {
		return missing
	}
	if makes && !c.Has("first_name") && !c.Has("full_name") {
		missing = append(missing, "a column with the first name (first_name)")
	}
	if (makes || !named) && !c.Has("campaign_id") && u.options.Campaign == 0 {
		missing = append(missing, "the campaign (--campaign NUMBER, or a column campaign_id)")
	}
	return missing
}

func quoted(words []string) string {
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = fmt.Sprintf("%q", w)
	}
	return strings.Join(all, ", ")
}

// Intents starts a pass over the file.
func (u *Users) Intents(rows *sheet.Rows) (engine.Intents, error) {
	reader, err := fields.NewReader[userRow](rows, u.columns)
	if err != nil {
		return nil, err
	}
	return &userIntents{Reader: reader, read: intentReader{
		columns: u.columns, operation: u.options.Operation, campaign: u.options.Campaign,
		notify: u.options.Notify, onExisting: u.options.OnExisting, campaigns: u.campaigns,
	}, blind: u.options.Lookup == LookupOff, log: u.options.Log, today: time.Now()}, nil
}

type userIntents struct {
	*fields.Reader[userRow]
	read  intentReader
	blind bool // nobody is looked up
	log   *slog.Logger
	today time.Time
}

// Next gives the next row's intent.
func (i *userIntents) Next() (row.Intent, error) {
	record, err := i.Reader.Next()
	if err != nil {
		return row.Intent{}, err
	}
	in := i.read.read(record)
	in.Blind = i.blind && in.Payload.(*person).isCertain()
	if in.Makes && in.Problems == nil {
		i.read.campaigns.warn(i.log, in.Payload.(*person).campaign, i.today)
	}
	return in, nil
}

// Probe asks for one page of campaigns.
func (u *Users) Probe(ctx context.Context) error {
	_, err := u.client.ListCampaigns(ctx, 1)
	return err
}
