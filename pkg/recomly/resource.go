package recomly

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/refbulk/refbulk/pkg/engine"
	"github.com/refbulk/refbulk/pkg/fields"
	"github.com/refbulk/refbulk/pkg/row"
)

// Lookup is how the present state is found before writing. The API has no
// search: what is not listed whole is not known.
type Lookup string

// The ways of looking up. Auto, list and each all list the campaigns that the
// rows name, once.
const (
	LookupAuto Lookup = "auto"
	LookupList Lookup = "list"
	LookupEach Lookup = "each"
	LookupOff  Lookup = "off" // an invitation is sent without it, and looks when it is refused
)

// OnExisting is what a create does that meets what is already there.
type OnExisting string

// The ways of treating what is already there.
const (
	Keep   OnExisting = "keep"   // nothing is sent
	Update OnExisting = "update" // it is changed to what the row says
	Fail   OnExisting = "fail"   // the row is rejected
)

// meets is what a create ends as when an earlier row made what it asks for.
func (o OnExisting) meets() row.Status {
	switch o {
	case Update:
		return row.Updated
	case Fail:
		return row.Rejected
	}
	return row.Exists
}

// Options say how rows are read and sent.
type Options struct {
	Operation     string           // of rows that do not say; "" = create
	Campaign      string           // id, for rows that do not say; "" = none
	Notify        bool             // invitations may be sent: the vendor writes to everyone it is told to invite
	Lookup        Lookup           // "" = auto
	OnExisting    OnExisting       // "" = keep
	AllowSameName bool             // create a campaign although one of its name is there
	Mappings      []fields.Mapping // of headings to fields
	Log           *slog.Logger     // nil = nowhere
}

// Resource is what rows of one kind can ask for. Call Open before all else,
// and Match with the file's header before Intents.
type Resource interface {
	engine.Resource

	// ReadsFirst reports whether rows under such headings can be sent only
	// after Open.
	ReadsFirst(headers []string) bool

	// Open reads the account's campaigns: it is the call that finds out where
	// the API is, and shows whether the key is good.
	Open(try engine.Try) error

	// Match finds the field of every heading. Its error names everything that
	// keeps the file from being used.
	Match(headers []string) (fields.Columns, error)

	// Consent is asked with the number of due rows for which the vendor writes
	// to somebody. Its error says why they may not be sent.
	Consent(notify int) error
}

// The resources of an import.
const (
	CampaignsName = "campaigns"
	AdvocatesName = "advocates"
	ReferralsName = "referrals"
)

// ResourceNames are the resources of an import.
var ResourceNames = []string{CampaignsName, AdvocatesName, ReferralsName}

// New makes a resource by its name.
func New(name string, client *Client, o Options) (Resource, error) {
	switch name {
	case CampaignsName:
		return NewCampaigns(client, o)
	case AdvocatesName:
		return NewAdvocates(client, o)
	case ReferralsName:
		return NewReferrals(client, o)
	}
	return nil, fmt.Errorf("there is no import of %q at Recomly; there is %s", name, strings.Join(ResourceNames, ", "))
}

// Operations are the operations of a resource, as --operation takes them.
func Operations(name string) []string { return slices.Clone(kinds[name].operations) }

// Fields are the columns of a resource.
func Fields(name string) []fields.Field { return slices.Clone(kinds[name].fields) }

// kind is what is fixed about a resource.
type kind struct {
	operations []string
	vendors    map[string]string // the vendor's word for an operation → ours
	fields     []fields.Field
}

var kinds = map[string]kind{
	CampaignsName: {operations: []string{create, update, remove, skip}, fields: campaignFields},
	AdvocatesName: {operations: []string{create, update, credit, skip}, vendors: map[string]string{"invite": create}, fields: advocateFields},
	ReferralsName: {operations: []string{qualify, skip}, vendors: map[string]string{"convert": qualify}, fields: referralFields},
}

// The operations. Skip asks for nothing.
const (
	create  = "create" // of an advocate: invite
	update  = "update"
	remove  = "delete"
	credit  = "credit"
	qualify = "qualify" // convert
	skip    = "skip"
)

// base is what the resources share.
type base struct {
	kind
	name      string
	client    *Client
	options   Options
	columns   fields.Columns
	campaigns *campaigns

	// creates is how many rows of the latest pass over the file create
	// something, settled ones among them.
	creates atomic.Int64
}

// set checks the options and keeps them.
func (b *base) set(name string, client *Client, o Options) error {
	b.kind, b.name, b.client = kinds[name], name, client
	if o.Operation == "" {
		o.Operation = create
	}
	if ours, ok := b.vendors[o.Operation]; ok {
		o.Operation = ours
	}
	if !slices.Contains(b.operations, o.Operation) && o.Operation != create {
		return fmt.Errorf("--operation %q is not an operation of %s; use one of %s", o.Operation, name, strings.Join(b.operations, ", "))
	}
	if o.Lookup == "" {
		o.Lookup = LookupAuto
	}
	if !slices.Contains([]Lookup{LookupAuto, LookupList, LookupEach, LookupOff}, o.Lookup) {
		return fmt.Errorf("--lookup %q is none; use auto, list, each or off", o.Lookup)
	}
	if o.OnExisting == "" {
		o.OnExisting = Keep
	}
	if !slices.Contains([]OnExisting{Keep, Update, Fail}, o.OnExisting) {
		return fmt.Errorf("--on-existing %q is none; use keep, update or fail", o.OnExisting)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	b.options = o
	return nil
}

// ReadsFirst implements Resource: campaigns are always known before anything is
// sent.
func (b *base) ReadsFirst([]string) bool { return true }

// Open implements Resource.
func (b *base) Open(try engine.Try) error {
	found := newCampaigns()
	_, err := pages(func(token string) (page Page, err error) {
		err = try(func(ctx context.Context) error {
			page, err = b.client.ListCampaigns(ctx, token, found.put)
			return err
		})
		return page, err
	})
	found.known = maps.Clone(found.byID)
	b.campaigns = found
	return err
}

// Probe asks for the organisation, the smallest of the answers.
func (b *base) Probe(ctx context.Context) error {
	_, err := b.client.GetAccount(ctx)
	return err
}

// match finds the field of every heading, and complains of what is missing.
func (b *base) match(headers []string, missing func(fields.Columns) []string) (fields.Columns, error) {
	columns, err := fields.Match(headers, b.fields, nil, b.options.Mappings)
	if err != nil {
		return columns, err
	}
	// The status column of a results file is refbulk's own: it stands beside
	// the target, and tells what became of the row.
	for i := 1; i < len(headers); i++ {
		if headers[i-1] == "target" && headers[i] == "status" {
			columns.Names[i] = ""
		}
	}
	if lacks := missing(columns); len(lacks) > 0 {
		quoted := make([]string, len(headers))
		for i, h := range headers {
			quoted[i] = fmt.Sprintf("%q", h)
		}
		return columns, fmt.Errorf("the file lacks what %s of %s needs: %s\n  its columns are %s\n  if one of them holds it, say so with --map 'HEADER=field'",
			b.options.Operation, b.name, strings.Join(lacks, "; "), strings.Join(quoted, ", "))
	}
	b.columns = columns
	return columns, nil
}

// Consent implements Resource. Only invitations are refused: who converts a
// referral does not choose whether the vendor writes.
func (b *base) Consent(int) error { return nil }
