package sandbox

import (
	"encoding/json"
	"net/http"
	"slices"
)

const creditAdjusted = "advocate.credit.adjusted"

// credit is POST …/advocates/{advocateId}/credit. It has no protection against
// a repetition.
func (m *recomly) credit(c *call) answer {
	f, refusal := m.decode(c)
	if refusal != nil {
		return *refusal
	}
	var delta int64
	var note string
	f.whole("delta", -100000, 100000, &delta)
	f.optional("note", 200, &note)
	if delta == 0 {
		f.complain("delta must be a non-zero integer")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	a := m.advocate(c)
	switch {
	case a == nil:
		return m.missing("advocate")
	case f.wrong != "":
		return m.refuse(http.StatusBadRequest, f.wrong)
	case m.behaviour.RefuseNegative && a.Balance+delta < 0:
		return m.refuse(http.StatusConflict, "the balance would be negative")
	}
	again := slices.ContainsFunc(m.org.ledgers[a.ID], func(x *RecomlyActivity) bool {
		return x.Action == creditAdjusted && x.Amount == delta && x.Memo == note
	})
	before := a.Balance
	a.Balance += delta
	m.record(a, RecomlyActivity{Action: creditAdjusted, Description: "Balance adjusted", Amount: delta, Memo: note}, before)
	m.commit(func(n *RecomlyCounts) {
		n.Credits++
		if again {
			n.Repeated.Credits++
		}
	})
	return jsonAnswer(http.StatusOK, map[string]int64{"newBalanceCents": a.Balance})
}

// listActivity is GET …/activity, newest first.
func (m *recomly) listActivity(c *call) answer {
	f := form{values: map[string]any{}}
	size := int64(25)
	if limit := c.query.Get("limit"); limit != "" {
		f.values["limit"] = json.Number(limit)
		f.whole("limit", 1, 200, &size)
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	a := m.advocate(c)
	switch {
	case a == nil:
		return m.missing("advocate")
	case f.wrong != "" && !m.behaviour.OldActivity:
		return m.refuse(http.StatusBadRequest, f.wrong)
	}
	rows := []any{}
	for _, entry := range slices.Backward(m.org.ledgers[a.ID]) {
		rows = append(rows, m.view(entry, "memo"))
	}
	if m.behaviour.OldActivity {
		return jsonAnswer(http.StatusOK, map[string]any{"activity": rows[:min(len(rows), 100)]})
	}
	return m.listAnswer(c, "activity", rows, int(size), nil)
}
