package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/refbulk/refbulk/pkg/engine"
)

// checkup is what was found out about an account, in the shape of --json.
type checkup struct {
	Provider     string            `json:"provider"`
	BaseURL      string            `json:"base_url"`
	Organisation string            `json:"organisation,omitempty"`
	Plan         string            `json:"plan,omitempty"`
	Campaigns    []checkedCampaign `json:"campaigns"`
	People       *quota            `json:"people,omitempty"` // users, or advocates
	Quotas       map[string]quota  `json:"quotas,omitempty"`
	Limit        *limitLeft        `json:"limit"` // null when there is none, or it cannot be read

	people  string // what the vendor calls them
	sandbox bool
}

// quota is how many there are and how many there may be; null is not known.
type quota struct {
	Used    *int64 `json:"used"`
	Allowed *int64 `json:"allowed"`
}

// checkedCampaign is a campaign, and what it asks people for.
type checkedCampaign struct {
	ID     string         `json:"id"`
	Name   string         `json:"name"`
	Status string         `json:"status"`
	Terms  string         `json:"terms,omitempty"`
	Fields []checkedField `json:"fields,omitempty"`
}

// checkedField is a field of a campaign's own: the column meta:Label.
type checkedField struct {
	Label    string   `json:"label"`
	Roles    []string `json:"roles"` // of the people whom it is asked of
	Required bool     `json:"required"`
	Options  []string `json:"options,omitempty"`
}

// limitLeft is what the limit still allows, this check's own calls included.
type limitLeft struct {
	Used    int     `json:"used"`
	Allowed int     `json:"allowed"`
	Left    int     `json:"left"`
	Seconds float64 `json:"window_seconds"`
}

// checkFlags are the flags of check.
type checkFlags struct {
	account accountFlags
	output  outputFlags
}

func (c *checkFlags) add(f *pflag.FlagSet) {
	c.account.add(f)
	c.output.addShown(f)
}

func (p *program) checkCommand() *cobra.Command {
	f := &checkFlags{}
	c := &cobra.Command{
		Use:   "check",
		Short: "Is the token good, which campaigns are there, what is left of the limit",
		Long: "Ask the API who is there: whether it takes the token, which campaigns there are with their status and fields, how\n" +
			"many people, and how much of the rate limit is in use on this machine. Exit 2 when the token is refused.",
		Example: "  refbulk check\n  refbulk check --provider recomly --json",
		Args:    asUsed,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := p.fromEnvironment(cmd.Flags()); err != nil {
				return err
			}
			v, err := vendorNamed(f.account.provider)
			if err != nil {
				return usage(err)
			}
			if err := errors.Join(f.account.check(v), f.output.check()); err != nil {
				return usage(err)
			}
			return p.check(cmd.Context(), f)
		},
	}
	c.Flags().SortFlags = false
	f.add(c.Flags())
	return c
}

// check looks at the account and says what is there.
func (p *program) check(ctx context.Context, f *checkFlags) (err error) {
	log := newLog(&f.output, p.Err)
	w := watchSignals(ctx, 0, func(s string) { log.Warn(s) }, func() {})
	defer w.end()
	a, err := p.openAccount(ctx, &f.account, log, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	found, err := a.client.Check(func(op func(context.Context) error) error { return a.loop.Do(w.calls, w.intake, op) })
	if err != nil {
		return called(a, err)
	}
	found.Provider, found.BaseURL, found.sandbox = a.vendor.name, cmp.Or(f.account.baseURL, a.vendor.baseURL), f.account.sandbox != ""
	if f.account.limit > 0 {
		if used, err := a.gate.Used(ctx); err == nil {
			found.Limit = &limitLeft{used, f.account.limit, max(0, f.account.limit-used), f.account.window.Seconds()}
		} else {
			log.Warn(err.Error())
		}
	}
	switch {
	case f.output.json:
		return json.NewEncoder(p.Out).Encode(found)
	case f.output.quiet:
		return nil
	}
	return found.text(p.Out)
}

// text writes the checkup for a person.
func (c *checkup) text(w io.Writer) error {
	var b strings.Builder
	where := c.BaseURL
	if c.sandbox {
		where = "the sandbox"
	}
	fmt.Fprintf(&b, "%s at %s takes the token.\n", c.Provider, where)
	if c.Organisation != "" || c.Plan != "" {
		fmt.Fprintf(&b, "Organisation: %s, plan %s\n", cmp.Or(c.Organisation, "without a name"), cmp.Or(c.Plan, "not known"))
	}
	fmt.Fprintf(&b, "Campaigns: %d%s\n", len(c.Campaigns), c.of("campaigns"))
	for _, campaign := range c.Campaigns {
		fmt.Fprintf(&b, "  %s  %q  %s\n", campaign.ID, campaign.Name, campaign.Status)
		if campaign.Terms != "" {
			fmt.Fprintf(&b, "      %s\n", campaign.Terms)
		}
		for _, f := range campaign.Fields {
			fmt.Fprintf(&b, "      meta:%s  %s\n", f.Label, f.about())
		}
	}
	if c.People != nil && c.People.Used != nil {
		fmt.Fprintf(&b, "%s: %d%s\n", strings.ToUpper(c.people[:1])+c.people[1:], *c.People.Used, c.of(c.people))
	}
	if l := c.Limit; l != nil {
		window := "minute"
		if l.Seconds != 60 {
			window = (time.Duration(l.Seconds * float64(time.Second))).String()
		}
		fmt.Fprintf(&b, "Limit: %d of %d requests a %s are in use, these among them; %d are left.\n", l.Used, l.Allowed, window, l.Left)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// of says how many the plan allows, where that is known.
func (c *checkup) of(what string) string {
	if q := c.Quotas[what]; q.Allowed != nil {
		return fmt.Sprintf(" of %d that the plan allows", *q.Allowed)
	}
	return ""
}

// add adds a field, or a role to one that is there already.
func (c *checkedCampaign) add(f checkedField) {
	for i, known := range c.Fields {
		if known.Label == f.Label && known.Required == f.Required && slices.Equal(known.Options, f.Options) {
			c.Fields[i].Roles = append(known.Roles, f.Roles...)
			return
		}
	}
	c.Fields = append(c.Fields, f)
}

func (f checkedField) about() string {
	about := "asked of " + strings.ReplaceAll(strings.Join(f.Roles, " and "), "_", " ")
	if f.Required {
		about += ", required"
	}
	if len(f.Options) > 0 {
		about += ", one of " + strings.Join(f.Options, ", ")
	}
	return about
}

// known is a count that was told, nil for one that was not.
func known(n int64) *int64 {
	if n <= 0 {
		return nil
	}
	return &n
}

// Check implements connection.
func (c referralFactoryConnection) Check(try engine.Try) (*checkup, error) {
	campaigns, users, err := c.Overview(try)
	if err != nil {
		return nil, err
	}
	found := &checkup{people: "users", People: &quota{Used: users}, Campaigns: []checkedCampaign{}}
	for _, campaign := range campaigns {
		checked := checkedCampaign{ID: fmt.Sprint(campaign.ID), Name: campaign.Name, Status: campaign.Status}
		for _, f := range campaign.Fields {
			checked.add(checkedField{f.Label, []string{f.Role}, f.Required, f.Options})
		}
		found.Campaigns = append(found.Campaigns, checked)
	}
	return found, nil
}

// Check implements connection.
func (c recomlyConnection) Check(try engine.Try) (*checkup, error) {
	campaigns, account, advocates, err := c.Overview(try)
	if err != nil {
		return nil, err
	}
	found := &checkup{people: "advocates", People: &quota{Used: advocates}, Campaigns: []checkedCampaign{}}
	for _, campaign := range campaigns {
		found.Campaigns = append(found.Campaigns, checkedCampaign{ID: campaign.ID, Name: campaign.Name, Status: campaign.Status, Terms: campaign.Terms()})
	}
	if account == nil {
		return found, nil
	}
	found.Organisation, found.Plan = account.Name, account.Tier
	live := int64(len(campaigns))
	found.Quotas = map[string]quota{
		"campaigns": {&live, known(int64(account.Quotas.Campaigns))}, "advocates": {advocates, known(int64(account.Quotas.Advocates))},
		"referrals": {nil, known(int64(account.Quotas.Referrals))}, "users": {nil, known(int64(account.Quotas.Users))},
	}
	return found, nil
}
