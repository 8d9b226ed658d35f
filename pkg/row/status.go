// Package row has the nouns that every stage of a run shares: what a row of a
// spreadsheet asks for (Intent), what is wrong with it (Problem), and what
// became of it (Status, Outcome). It reads and writes nothing.
package row

import "fmt"

// Status says what became of a row. Its words are part of the results file.
type Status uint8

// Pending is the zero Status: nothing is known of the row yet. It never
// stands in a results file.
const (
	Pending Status = iota

	Created
	Updated
	Qualified
	Unqualified
	Deleted
	Invited
	Converted
	Credited
	Issued
	Cancelled

	Exists    // create found the target already there
	Unchanged // the API already holds what the row says; nothing was sent
	Absent    // the target of an update, qualify, unqualify or delete is not there
	Skipped   // the row's operation is skip
	Duplicate // an earlier row of the file says the same

	Invalid  // failed a check here; nothing was sent
	Rejected // the API refused it
	Blocked  // waits for a row that failed, or for a referrer who is not there
	Failed   // gave up after the retries; certainly not applied
	Unknown  // sent, and no answer ever came; may be applied

	statusCount
)

var statusWords = [statusCount]string{
	Pending: "pending",
	Created: "created", Updated: "updated", Qualified: "qualified", Unqualified: "unqualified",
	Deleted: "deleted", Invited: "invited", Converted: "converted", Credited: "credited",
	Issued: "issued", Cancelled: "cancelled",
	Exists: "exists", Unchanged: "unchanged", Absent: "absent", Skipped: "skipped", Duplicate: "duplicate",
	Invalid: "invalid", Rejected: "rejected", Blocked: "blocked", Failed: "failed", Unknown: "unknown",
}

// Statuses lists every status a results file can hold, in the order in which
// a summary names them.
func Statuses() []Status {
	all := make([]Status, 0, statusCount-1)
	for s := Created; s < statusCount; s++ {
		all = append(all, s)
	}
	return all
}

// String gives the word that stands in the results file.
func (s Status) String() string {
	if s >= statusCount {
		return fmt.Sprintf("status(%d)", uint8(s))
	}
	return statusWords[s]
}

// ParseStatus is the inverse of String for every status of a results file.
func ParseStatus(word string) (Status, error) {
	for s := Created; s < statusCount; s++ {
		if statusWords[s] == word {
			return s, nil
		}
	}
	return Pending, fmt.Errorf("%q is not a status of a results file", word)
}

// Wrote reports whether the status says that the API changed something.
func (s Status) Wrote() bool { return s >= Created && s <= Cancelled }

// Settled reports whether a rerun leaves such a row alone while its content
// stays the same. A rejected row is settled too, but can be asked for again.
func (s Status) Settled() bool {
	switch s {
	case Exists, Unchanged, Skipped, Duplicate, Rejected:
		return true
	}
	return s.Wrote()
}

// NeedsMending reports whether somebody has to look at the row: it belongs in
// the failed file, and rows that wait for it are blocked.
func (s Status) NeedsMending() bool {
	switch s {
	case Invalid, Rejected, Blocked, Failed, Unknown:
		return true
	}
	return false
}
