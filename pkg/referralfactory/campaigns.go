package referralfactory

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/refbulk/refbulk/pkg/engine"
	"github.com/refbulk/refbulk/pkg/fields"
	"github.com/refbulk/refbulk/pkg/row"
)

// campaigns are those of the account. They belong to one goroutine while they
// warn, and are read-only otherwise.
type campaigns struct {
	unread bool // nobody has asked for them: the API is left to judge
	byID   map[int64]*Campaign
	all    []*Campaign
	warned map[int64]bool
}

// readCampaigns lists them all.
func readCampaigns(c *Client, try engine.Try) (*campaigns, error) {
	found := &campaigns{byID: map[int64]*Campaign{}, warned: map[int64]bool{}}
	for n := 1; ; n++ {
		var page Page[Campaign]
		err := try(func(ctx context.Context) (err error) {
			page, err = c.ListCampaigns(ctx, n)
			return err
		})
		if err != nil {
			return nil, err
		}
		known := len(found.all)
		for _, campaign := range page.Data {
			if found.byID[campaign.ID] == nil {
				found.byID[campaign.ID] = &campaign
				found.all = append(found.all, &campaign)
			}
		}
		if !page.More || len(found.all) == known {
			return found, nil
		}
	}
}

// labels are the labels of the fields of every campaign, each once.
func (c *campaigns) labels() []string {
	var labels []string
	for _, campaign := range c.all {
		for _, f := range campaign.Fields {
			if !slices.Contains(labels, f.Label) {
				labels = append(labels, f.Label)
			}
		}
	}
	return labels
}

// check finds what in a row does not fit its campaign, and writes labels as
// that campaign does. What the API makes of an unknown label, or of a required
// field that is missing, is not documented: neither is sent.
func (c *campaigns) check(columns fields.Columns, p *person, cells *cellReader) []row.Problem {
	if p.campaign == 0 || c.unread {
		return nil
	}
	campaign := c.byID[p.campaign]
	if campaign == nil {
		return []row.Problem{{Column: columns.Header("campaign_id"), Value: fmt.Sprint(p.campaign),
			Reason: "is no campaign of this account", Advice: "there are " + c.list()}}
	}
	if !p.byEmail() {
		return nil // the campaign is that of the user whom the id names
	}
	problems := campaign.checkMeta(columns, p, nil)
	if !p.makes() {
		return problems
	}
	for _, f := range campaign.Fields {
		if f.Required && f.Role == roleOf(p.referrer != nil) && !cells.unread[fields.Meta+f.Label] &&
			!slices.ContainsFunc(p.meta, func(m MetaValue) bool { return m.Field == f.Label }) && !f.standard() {
			problems = append(problems, row.Problem{Column: columns.Header(fields.Meta + f.Label), Reason: "is empty, and the campaign requires it"})
		}
	}
	return problems
}

// standard reports whether the field is one that every user has, which the
// vendor lists among the campaign's own.
func (f Field) standard() bool {
	switch KnownUserField(f.Label) {
	case "email", "first_name", "full_name":
		return true
	}
	return false
}

// checkMeta finds what is wrong with the values of the campaign's own fields.
// What the user holds already, if there is one, is no choice of the row's: a
// campaign may have changed its choices since.
func (c *Campaign) checkMeta(columns fields.Columns, p *person, u *User) []row.Problem {
	var problems []row.Problem
	for i := range p.meta {
		m := &p.meta[i]
		column := columns.Header(fields.Meta + m.Field)
		choices, known := c.field(&m.Field)
		if u != nil && u.meta(m.Field).holds(m.Text()) {
			continue
		}
		switch {
		case !known:
			problems = append(problems, row.Problem{Column: column, Reason: fmt.Sprintf("names a field that campaign %d does not have", c.ID),
				Advice: "ignore the column with --map 'HEADER=-'"})
		case choices != nil && !slices.Contains(choices, m.Text()):
			problems = append(problems, row.Problem{Column: column, Value: m.Text(), Reason: "is not a choice of this field",
				Advice: "choose one of " + strings.Join(choices, ", ")})
		}
	}
	return problems
}

// field finds the field with a label, and spells the label as the campaign
// does. A label that both roles have takes the choices of either; nil is
// anything.
func (c *Campaign) field(label *string) (choices []string, known bool) {
	exact := slices.ContainsFunc(c.Fields, func(f Field) bool { return f.Label == *label })
	free := false
	for _, f := range c.Fields {
		if f.Label != *label && (exact || fields.Normalize(f.Label) != fields.Normalize(*label)) {
			continue
		}
		*label, exact, known = f.Label, true, true
		free = free || f.Options == nil
		choices = append(choices, f.Options...)
	}
	if free {
		return nil, known
	}
	return choices, known
}

// warn says once of each campaign that rows would bring people into, when it
// does not run. What the API makes of such a create is not documented.
func (c *campaigns) warn(log *slog.Logger, id int64, today time.Time) {
	campaign := c.byID[id]
	if campaign == nil || c.warned[id] {
		return
	}
	c.warned[id] = true
	ends, hasEnd := dayOf(campaign.EndsAt)
	starts, hasStart := dayOf(campaign.StartsAt)
	state := ""
	switch {
	case campaign.Status != "launched" && campaign.Status != "":
		state = "is " + campaign.Status
	case hasEnd && ends.AddDate(0, 0, 1).Before(today):
		state = "ended on " + ends.Format(time.DateOnly)
	case hasStart && starts.After(today):
		state = "begins on " + starts.Format(time.DateOnly)
	default:
		return
	}
	log.Warn(fmt.Sprintf("campaign %d %q %s: the API may refuse people there", id, campaign.Name, state))
}

// list names the campaigns, for a message.
func (c *campaigns) list() string {
	if len(c.all) == 0 {
		return "none"
	}
	const most = 8
	var names []string
	for _, campaign := range c.all[:min(len(c.all), most)] {
		names = append(names, fmt.Sprintf("%d %q", campaign.ID, campaign.Name))
	}
	if len(c.all) > most {
		names = append(names, fmt.Sprintf("and %d more", len(c.all)-most))
	}
	return strings.Join(names, ", ")
}
