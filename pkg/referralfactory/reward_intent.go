package referralfactory

import (
	"slices"
	"strconv"
	"strings"

	"github.com/refbulk/refbulk/pkg/engine"
	"github.com/refbulk/refbulk/pkg/fields"
	"github.com/refbulk/refbulk/pkg/row"
	"github.com/refbulk/refbulk/pkg/sheet"
)

// The operations of rewards, beside skip.
const (
	issue  = "issue"
	cancel = "cancel"
)

// RewardOperations are the operations of rewards, as --operation takes them.
// None is taken for granted: one pays, the other takes away.
var RewardOperations = []string{issue, cancel, skip}

// rewardFields are the columns of an import of rewards. The reward_id of an
// export is no name of theirs: it is the number of the promise.
var rewardFields = []fields.Field{
	{Name: "operation", Aliases: []string{"action"}, Example: issue,
		About: "what to do with this row: issue (pays), cancel or skip; empty means what --operation says"},
	{Name: "id", Aliases: []string{"due reward id", "due id"}, Example: "1",
		About: "the number of the reward that is due, as an export of rewards lists it"},
	{Name: "metric", Example: "amount",
		About: "amount, commission, coupon or custom; when it is not that of the reward, nothing is sent"},
	{Name: "target", About: "which reward is meant, as a results file writes it"},
}

// rewardRow is a row of an import of rewards, cell by cell.
type rewardRow struct {
	Operation string `csv:"operation"`
	ID        string `csv:"id"`
	Metric    string `csv:"metric"`
	Target    string `csv:"target"`
}

// payout is the content of a row of rewards.
type payout struct {
	operation string
	id        int64
	metric    string // "" for any
}

// Intents starts a pass over the file.
func (r *Rewards) Intents(rows *sheet.Rows) (engine.Intents, error) {
	reader, err := fields.NewReader[rewardRow](rows, r.columns)
	if err != nil {
		return nil, err
	}
	return &rewardIntents{reader, r}, nil
}

type rewardIntents struct {
	*fields.Reader[rewardRow]
	rewards *Rewards
}

// Next gives the next row's intent.
func (i *rewardIntents) Next() (row.Intent, error) {
	record, err := i.Reader.Next()
	if err != nil {
		return row.Intent{}, err
	}
	return i.rewards.read(record), nil
}

// read turns one row into an intent, with all of its problems.
func (r *Rewards) read(record *fields.Record[rewardRow]) row.Intent {
	cells := &cellReader{columns: r.columns}
	v := &record.Value
	p := &payout{operation: strings.ToLower(fields.Text(v.Operation)), metric: strings.ToLower(fields.Word(v.Metric))}
	if p.operation == "" {
		p.operation = r.options.Operation
	}
	p.id = cells.id("id", v.ID)
	if p.id == 0 && !cells.unread["id"] && v.Target != "" {
		p.id = cells.reward(v.Target)
	}
	misread := row.Explain(cells.problems) + record.At.Fault
	switch {
	case record.At.Fault != "":
		cells.problems = []row.Problem{fields.Unreadable(record.At.Fault)}
	case p.operation == skip:
		cells.problems = nil
	default:
		cells.problems = append(cells.problems, r.check(p, cells)...)
	}
	in := row.Intent{
		Position: row.Position{Row: record.At.Row, Line: record.At.Line}, Operation: p.operation,
		Content: row.FingerprintOf(p.operation, strconv.FormatInt(p.id, 10), p.metric, misread), Problems: cells.problems,
		Kind: "reward", Would: row.Issued, Once: true, Asks: true, MustExist: p.operation == issue, Payload: p,
	}
	in.Own = record.Own(in.Content)
	if p.id != 0 {
		in.Target = "reward:" + strconv.FormatInt(p.id, 10)
	}
	switch p.operation {
	case cancel:
		in.Would = row.Cancelled
	case skip:
		in.Would, in.Skip, in.Asks = row.Skipped, true, false
	}
	return in
}

// reward reads which reward a results file names.
func (c *cellReader) reward(target string) int64 {
	number, ok := strings.CutPrefix(fields.Text(target), "reward:")
	if !ok {
		c.note("target", &row.Problem{Column: c.columns.Header("target"), Value: fields.Text(target), Reason: "does not say which reward is meant",
			Advice: "write it as reward:17"})
		return 0
	}
	return c.id("target", number)
}

// check finds what keeps a row from being sent, apart from cells that could
// not be read.
func (r *Rewards) check(p *payout, cells *cellReader) []row.Problem {
	var problems []row.Problem
	if !slices.Contains(RewardOperations, p.operation) {
		problems = append(problems, row.Problem{Column: r.columns.Header("operation"), Value: p.operation, Reason: "is not an operation of rewards",
			Advice: "use one of " + strings.Join(RewardOperations, ", ")})
	}
	if p.id == 0 && len(cells.unread) == 0 {
		problems = append(problems, row.Problem{Column: r.columns.Header("id"), Reason: "is empty", Advice: "name the reward by its number; refbulk export rewards lists those that are due"})
	}
	if p.metric != "" && !slices.Contains(Metrics, p.metric) {
		problems = append(problems, row.Problem{Column: r.columns.Header("metric"), Value: p.metric, Reason: "is not a metric of rewards",
			Advice: "use one of " + strings.Join(Metrics, ", ") + ", or leave it empty"})
	}
	return problems
}
