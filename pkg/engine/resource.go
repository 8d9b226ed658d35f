package engine

import (
	"context"
	"time"

	"github.com/refbulk/refbulk/pkg/row"
	"github.com/refbulk/refbulk/pkg/sheet"
)

// Resource is what the engine needs of a vendor for one kind of row. Look and
// the steps it gives are called by many workers at once. A pass over the rows
// goes on beside them, in one goroutine, and whoever makes a call may call
// Probe, one at a time.
type Resource interface {
	// Intents starts a pass over the rows of the file. Several passes are
	// made, one after the other; each has to give the same intents.
	Intents(rows *sheet.Rows) (Intents, error)

	// Prepare is called once, before the first Look. It may read the present
	// state of many targets at once where that costs fewer calls than looking
	// at each of the due rows. Calls are made through try.
	Prepare(due int, try Try) error

	// Look finds out what is left to do for an intent, by at most a few calls
	// that change nothing. Sent is when a write for this row left whose
	// answer was lost, and zero when there was none: then Look asks the API
	// afresh, and takes what it finds done since for the row's own work.
	Look(ctx context.Context, in *row.Intent, sent time.Time) (Step, error)

	// Probe is a cheap call that tells whether the API answers.
	Probe(ctx context.Context) error

	// UndoColumns are the fields that Step.Undo may give. They may be asked for
	// while the first pass goes on.
	UndoColumns() []string
}

// Intents is one pass over the rows of a file.
type Intents interface {
	// Next gives the next row's intent, and io.EOF after the last. A row that
	// cannot be used is an intent with problems, not an error.
	Next() (row.Intent, error)
	Close() error
}

// Try makes calls, again and again while that can help.
type Try func(op func(ctx context.Context) error) error

// Step is what is left to do for a row.
type Step struct {
	// Done is the outcome of a row for which nothing is left to send. With
	// something left it is what the row ends as when all goes well, pending
	// when the vendor cannot tell more than the intent's Would, and its ID
	// says that the target is there.
	Done row.Outcome

	// Send makes the write, once, and gives the row's outcome; nil when
	// nothing is left to send. When its error leaves open whether the write
	// was applied, Look is asked again before anything else is sent. After an
	// error that says that it was not, Send is called again, and goes on with
	// the write that failed.
	Send func(ctx context.Context) (row.Outcome, error)

	// Writes and Reads are the calls that Send makes when all goes well. No
	// writes stand for one.
	Writes, Reads int

	// Unseen says that Send goes without a look at what is there.
	Unseen bool

	// Doubt is what Send does that may be meant otherwise, for a plan to tell;
	// nil for nothing.
	Doubt *row.Problem

	// Undo gives the cells, by field, of the row that takes the change back;
	// nil when nothing was changed. It is asked before the write leaves, with
	// an outcome that knows nothing yet, and gives nil then when it needs to
	// know more; and after a write, with what became of it.
	Undo func(row.Outcome) map[string]string
}
