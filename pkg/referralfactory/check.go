package referralfactory

import (
	"slices"
	"strings"

	"github.com/refbulk/refbulk/pkg/fields"
	"github.com/refbulk/refbulk/pkg/row"
)

// check finds what keeps a row from being sent, apart from cells that could
// not be read: of those one problem is enough.
func (r *intentReader) check(p *person, cells *cellReader) []row.Problem {
	if !slices.Contains(UserOperations, p.operation) {
		return []row.Problem{{Column: r.columns.Header("operation"), Value: p.operation, Reason: "is not an operation of users",
			Advice: "use one of " + strings.Join(UserOperations, ", ")}}
	}
	var problems []row.Problem
	complain := func(field, reason, advice string) {
		if !cells.unread[field] {
			problems = append(problems, row.Problem{Column: r.columns.Header(field), Reason: reason, Advice: advice})
		}
	}
	r.checkTarget(p, cells, complain)
	if p.operation == create && p.firstName == "" { // an upsert may meet somebody who has a name
		problems = append(problems, p.namelessness(r.columns))
	}
	if p.operation == update && p.changesNothing() && len(cells.unread) == 0 {
		complain("first_name", "is empty, and so is every other column that could change something", "fill in what is to change")
	}
	if p.makes() {
		r.checkReferral(p, complain)
	}
	return append(problems, r.campaigns.check(r.columns, p, cells)...)
}

// namelessness is what keeps a person without a first name from being created.
func (p *person) namelessness(columns fields.Columns) row.Problem {
	if p.fullName != "" {
		return row.Problem{Column: columns.Header("full_name"), Value: p.fullName, Reason: "does not tell a first name",
			Advice: "write it into a column first_name"}
	}
	return row.Problem{Column: columns.Header("first_name"), Reason: "is empty", Advice: "a person cannot be created without a first name"}
}

// checkTarget asks for what it takes to know who is meant.
func (r *intentReader) checkTarget(p *person, cells *cellReader, complain func(field, reason, advice string)) {
	if !p.byEmail() || cells.unread["target"] || cells.unread["id"] || cells.unread["code"] {
		return
	}
	switch {
	case p.email == "" && p.operation == create:
		complain("email", "is empty", "a person cannot be created without an e-mail address")
	case p.email == "":
		complain("email", "is empty", "say who is meant by email, id or code")
	}
	if p.campaign == 0 && (p.email != "" || cells.unread["email"]) {
		complain("campaign_id", "is empty", "name the campaign with --campaign, or in a column campaign_id")
	}
}

// checkReferral looks at how the row says that somebody was referred.
func (r *intentReader) checkReferral(p *person, complain func(field, reason, advice string)) {
	if p.referrer != nil && p.referrer.Field == "email" && p.email != "" && fields.SameEmail(p.referrer.Value) == fields.SameEmail(p.email) {
		complain("referrer_email", "is the person's own address", "nobody can refer themselves")
	}
	if p.operation == create && p.referrer == nil && p.qualified != nil && *p.qualified && r.onExisting != Update {
		complain("qualified", "says yes, and nobody referred the person", "only somebody who was referred can be qualified: say by whom, or leave the cell empty")
	}
}

// changesNothing reports whether an update names its target and nothing else.
func (p *person) changesNothing() bool {
	return p.firstName == "" && len(p.meta) == 0 && p.qualified == nil && (p.email == "" || p.byEmail())
}
