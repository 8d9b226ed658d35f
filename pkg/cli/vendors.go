package cli

import (
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/engine"
	"github.com/refbulk/refbulk/pkg/export"
	"github.com/refbulk/refbulk/pkg/fields"
	"github.com/refbulk/refbulk/pkg/recomly"
	"github.com/refbulk/refbulk/pkg/referralfactory"
	"github.com/refbulk/refbulk/pkg/row"
	"github.com/refbulk/refbulk/pkg/sandbox"
)

// vendor is what the command line has to know of a referral programme.
type vendor struct {
	name       string
	baseURL    string
	sandboxAt  string  // path of its API on the simulator
	variable   string  // that holds the token
	limit      int     // requests a minute, unless told otherwise
	peak       float64 // requests a second then, while slots are free; 0 = the gate's own
	workers    int     // rows in flight, unless told otherwise
	resources  []string
	exports    []string
	columns    func(resource string) []fields.Field
	ownFields  bool // campaigns have fields of their own, which people fill in
	operations func(resource string) []string
	known      func(resource string, mappings []fields.Mapping) func(header string) string
	readings   func(*row.Intent) []string // how cells were read that can be read in more than one way; nil = there are none
	refused    string                     // what to look at when the token is refused
	forbidden  string                     // what to look at after a 403; "" = what there is for a token
	connect    func(api.Config) (connection, error)
}

// vendors are those there are. A third is one more line here.
var vendors = []vendor{referralFactory, recomlyVendor}

// connection is an open way to a vendor's API.
type connection interface {
	Stats() api.Stats
	Close()
	// Import sets up what rows of a resource mean.
	Import(resource string, f *importFlags, log *slog.Logger) (resource, error)
	// Export starts to read a resource; it may make calls.
	Export(resource string, f *exportFlags, try engine.Try, log *slog.Logger) (export.Source, error)
	// Check looks at the account.
	Check(try engine.Try) (*checkup, error)
}

// resource is what the command line needs of rows, beside what the engine
// does.
type resource interface {
	engine.Resource
	// ReadsFirst reports whether an import of rows under such headings begins
	// with Open, and not with its first write.
	ReadsFirst(headers []string) bool
	// Open makes the first call: the one that shows whether the token is good.
	Open(try engine.Try) error
	// Match finds the field of every heading.
	Match(headers []string) (fields.Columns, error)
	// Consent says why so many people may not be written to, nil when they may.
	Consent(notify int) error
}

// vendorNamed finds a vendor.
func vendorNamed(name string) (vendor, error) {
	var names []string
	for _, v := range vendors {
		if v.name == name {
			return v, nil
		}
		names = append(names, v.name)
	}
	return vendor{}, fmt.Errorf("--provider %q is none; use %s", name, strings.Join(names, " or "))
}

// has checks that the vendor imports a resource.
func (v vendor) has(name string) error {
	if slices.Contains(v.resources, name) {
		return nil
	}
	return fmt.Errorf("there is no import of %q at %s; there is %s", name, v.name, strings.Join(v.resources, ", "))
}

// refusal says what it is that the API refuses for good, and what to look at. Of
// a 403 a token may be innocent, and a new one would end it elsewhere.
func (v vendor) refusal(err error) (what, look string) {
	if v.forbidden != "" && api.StatusOf(err) == http.StatusForbidden {
		return "the API refuses this run", v.forbidden
	}
	return "the API refuses the token", v.refused
}

// resourceHelp lists what can be imported.
func resourceHelp() string {
	var b strings.Builder
	for _, v := range vendors {
		for _, r := range v.resources {
			fmt.Fprintf(&b, "  %-17s %-10s %s\n", v.name, r, strings.Join(v.operations(r), ", "))
		}
	}
	return b.String()
}

var referralFactory = vendor{
	name:       "referral-factory",
	baseURL:    referralfactory.BaseURL,
	sandboxAt:  sandbox.BasePath,
	variable:   referralfactory.TokenVariable,
	limit:      600,
	workers:    16,
	refused:    "is it the newest one of the account? A new token ends the one before",
	forbidden:  "if it blocks the address of this machine, wait or ask the vendor, and then run with a lower --limit",
	resources:  referralfactory.ResourceNames,
	exports:    referralfactory.ExportNames,
	columns:    referralfactory.Fields,
	ownFields:  true,
	operations: referralfactory.Operations,
	known:      referralfactory.KnownFields,
	connect: func(c api.Config) (connection, error) {
		client, err := referralfactory.NewClient(c)
		return referralFactoryConnection{client}, err
	},
}

type referralFactoryConnection struct{ *referralfactory.Client }

// Import implements connection.
func (c referralFactoryConnection) Import(name string, f *importFlags, log *slog.Logger) (resource, error) {
	campaign, err := f.campaignNumber()
	if err != nil {
		return nil, err
	}
	mappings, err := f.mappings()
	if err != nil {
		return nil, err
	}
	if name == referralfactory.RewardsName {
		rewards, err := referralfactory.NewRewards(c.Client, referralfactory.RewardOptions{Operation: f.operation, Mappings: mappings, Log: log})
		return silent{rewards}, err
	}
	users, err := referralfactory.NewUsers(c.Client, referralfactory.UserOptions{
		Operation: f.operation, Campaign: campaign, Notify: f.notify, Mappings: mappings, Log: log,
		Lookup: referralfactory.Lookup(f.lookup), OnExisting: referralfactory.OnExisting(f.onExisting),
	})
	return silent{users}, err
}

// silent is a resource of a vendor that writes to people only when a call
// says so.
type silent struct{ referralfactory.Resource }

// Consent implements resource.
func (silent) Consent(int) error { return nil }

var recomlyVendor = vendor{
	name:       "recomly",
	baseURL:    recomly.BaseURL,
	variable:   recomly.TokenVariable,
	limit:      recomly.DefaultLimit,
	peak:       recomly.DefaultPeak,
	workers:    1,
	readings:   recomly.Readings,
	refused:    "is it written keyId:secret, and made by an admin?",
	resources:  recomly.ResourceNames,
	exports:    recomly.ExportNames,
	columns:    recomly.Fields,
	operations: recomly.Operations,
	known: func(name string, mappings []fields.Mapping) func(string) string {
		return fields.Known(recomly.Fields(name), mappings)
	},
	connect: func(c api.Config) (connection, error) {
		client, err := recomly.NewClient(c)
		return recomlyConnection{client}, err
	},
}

type recomlyConnection struct{ *recomly.Client }

// Import implements connection.
func (c recomlyConnection) Import(name string, f *importFlags, log *slog.Logger) (resource, error) {
	mappings, err := f.mappings()
	if err != nil {
		return nil, err
	}
	return recomly.New(name, c.Client, recomly.Options{
		Operation: f.operation, Campaign: f.campaign, Notify: f.notify, AllowSameName: f.allowSameName, Mappings: mappings, Log: log,
		Lookup: recomly.Lookup(f.lookup), OnExisting: recomly.OnExisting(f.onExisting),
	})
}
