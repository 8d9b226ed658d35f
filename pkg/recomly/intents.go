package recomly

import (
	"errors"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/refbulk/refbulk/pkg/engine"
	"github.com/refbulk/refbulk/pkg/fields"
	"github.com/refbulk/refbulk/pkg/row"
	"github.com/refbulk/refbulk/pkg/sheet"
)

// intents is one pass over the rows of a file, of the type R cell by cell.
type intents[R any] struct {
	*fields.Reader[R]
	read    func(*fields.Record[R]) row.Intent
	creates int64
	done    *atomic.Int64
}

func newIntents[R any](b *base, rows *sheet.Rows, read func(*fields.Record[R]) row.Intent) (engine.Intents, error) {
	reader, err := fields.NewReader[R](rows, b.columns)
	if err != nil {
		return nil, err
	}
	return &intents[R]{Reader: reader, read: read, done: &b.creates}, nil
}

// Next gives the next row's intent.
func (i *intents[R]) Next() (row.Intent, error) {
	record, err := i.Reader.Next()
	if err != nil {
		i.done.Store(i.creates)
		return row.Intent{}, err
	}
	in := i.read(record)
	if in.Makes && len(in.Problems) == 0 {
		i.creates++
	}
	return in, nil
}

// begin is the part of an intent that all rows have.
func begin[R any](record *fields.Record[R], cells *cellReader) row.Intent {
	if record.At.Fault != "" {
		cells.problems = []row.Problem{fields.Unreadable(record.At.Fault)}
	}
	return row.Intent{Position: row.Position{Row: record.At.Row, Line: record.At.Line}, Once: true}
}

// misread sums what could not be read of a row: an edit that made a cell
// unreadable is an edit, although nothing can be read of it.
func (c *cellReader) misread() string { return row.Explain(c.problems) }

// Readings tells how cells of a valid row were read that can be read in more
// than one way: amounts, shares and dates.
func Readings(in *row.Intent) []string {
	if p, ok := in.Payload.(interface{ readings() []string }); ok {
		return p.readings()
	}
	return nil
}

// Campaign names the campaign and puts what is wrong with it among the
// problems of the row.
func (b *base) campaign(cells *cellReader, id string) *Campaign {
	if id == "" {
		cells.complain("campaignId", "", fault{"is empty", "name the campaign with --campaign, or in a column campaignId"})
		return nil
	}
	c := b.campaigns.known[id]
	switch {
	case c == nil:
		cells.complain("campaignId", id, fault{"is no campaign of this account", "there are " + b.campaigns.list()})
	case c.Status == Deleted:
		cells.complain("campaignId", id, fault{"is a campaign that was deleted", "there are " + b.campaigns.list()})
	}
	return c
}

// unknown complains of an operation that the resource does not have.
func (b *base) unknown(cells *cellReader, operation string) bool {
	if slices.Contains(b.operations, operation) {
		return false
	}
	f := fault{"is not an operation of " + b.name, "use one of " + strings.Join(b.operations, ", ")}
	switch {
	case b.name == ReferralsName && operation == create:
		f = fault{NoReferralCreate, "to convert one that is there, use qualify"}
	case b.name == AdvocatesName && operation == remove:
		f = fault{"is not offered: with an advocate Recomly destroys the referrals and conversions for good", "remove the person in Recomly itself"}
	}
	cells.complain("operation", operation, f)
	return true
}

var errNoMark = errors.New("the row has no mark, and a credit without one could be given twice")
