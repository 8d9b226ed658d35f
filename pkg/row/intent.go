package row

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// Position is where a row stands in its file.
type Position struct {
	Row  int // data rows counted from 1
	Line int // the line where it starts; for XLSX the sheet row
}

// Intent is what one row of the file asks for.
type Intent struct {
	Position

	Operation string // as the contract names it: create, update, …
	Target    string // whom it acts on, as the results file shows it
	WaitsFor  string // the Target of another row that has to be there first; "" for nobody

	// Kind groups operations of which the last one counts: a qualify and an
	// unqualify of the same person settle each other, a qualify and an update
	// do not.
	Kind string

	// Own tells the row in every run from the others of its target and kind,
	// where their places do not: those of the second of two credits would be
	// the first's once that is taken out of the file. 0 = its place does.
	Own Fingerprint

	// Makes says that the operation brings its target into being, so that
	// rows which wait for the target wait for this one.
	Makes bool

	Content  Fingerprint // of everything the row wants the API to hold
	Once     bool        // may not be sent again before a look-up has shown that it was not applied
	Asks     bool        // a person has to agree first: it destroys something, or pays out
	Notifies int         // people the vendor writes to
	Skip     bool        // the row asks for nothing

	Would     Status // what the row ends as when its write succeeds
	Meets     Status // what it ends as when an earlier row of the run has left its target there; pending = as Would
	Writes    int    // that it takes to end as Would; 0 = one
	Blind     bool   // it is sent without a look: before that, no more can be known of it
	MustExist bool   // it is an error when the target is not there
	Awaited   bool   // another row of the file waits for this one
	Arrived   bool   // a row of this run has made the target that it waits for

	// Planned says that the row is looked at for a plan: no write will follow
	// whose answer tells more.
	Planned bool

	// InDoubt says that an earlier run sent the row as another operation, and no
	// answer came: what was read of the target before may not be true any more.
	InDoubt bool

	// SentTo is the id of whom an earlier run sent its first write to, which saw no
	// answer; "" when it had met nobody, or nothing tells.
	SentTo string

	// Unseen says that the row was sent without a look at what was there: by
	// this run, or by an earlier one that saw no answer.
	Unseen bool

	// Mark is a short text that names this row in every run, for an API that
	// keeps notes. The engine sets it before the row is looked at. Marked says
	// that nothing else tells there what became of a write: then the mark is
	// kept with a write whose answer was lost.
	Mark   string
	Marked bool

	Problems []Problem // why the row cannot be sent; empty for a valid row

	// Payload is the vendor's own reading of the row.
	Payload any
}

// Problem is one thing wrong with a row, told so that the person who made the
// file can mend it.
type Problem struct {
	Column string // header of the cell, or of the missing column
	Value  string // what stood there
	Reason string // what is wrong with it, as a clause: "is not an e-mail address"
	Advice string // what to do
}

// String is the problem as one sentence.
func (p Problem) String() string {
	var b strings.Builder
	if p.Column != "" {
		fmt.Fprintf(&b, "column %q: ", p.Column)
	}
	if p.Value != "" {
		fmt.Fprintf(&b, "%q ", shorten(p.Value))
	}
	b.WriteString(p.Reason)
	if p.Advice != "" {
		b.WriteString("; " + p.Advice)
	}
	return b.String()
}

// shorten keeps a runaway cell from filling the results file.
func shorten(s string) string {
	const most = 80
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	return string(r[:most]) + "…"
}

// Explain joins problems into the text of the error column.
func Explain(problems []Problem) string {
	parts := make([]string, len(problems))
	for i, p := range problems {
		parts[i] = p.String()
	}
	return strings.Join(parts, " · ")
}

// Outcome is what became of a row: the part of a results line that is not
// known before the row was tried.
type Outcome struct {
	Status     Status
	ID         string
	Code       string
	URL        string
	HTTPStatus int    // of the last answer; 0 when there was none
	Attempts   int    // writes that were sent for the row
	Error      string // why it failed, or a remark on what was done
	Finished   time.Time
}

// Fingerprint is 64 bits of a SHA-256 sum. Among a million rows the chance
// that any two different ones share one is below 3 in 100 million.
type Fingerprint uint64

// FingerprintOf sums the parts in order; no two lists of parts sum alike by
// the way they join.
func FingerprintOf(parts ...string) Fingerprint {
	var buf [256]byte
	b := buf[:0]
	for _, p := range parts {
		b = binary.AppendUvarint(b, uint64(len(p)))
		b = append(b, p...)
	}
	sum := sha256.Sum256(b)
	return Fingerprint(binary.BigEndian.Uint64(sum[:8]))
}

// With is the fingerprint of f and numbers together. Of two fingerprints that
// differ, those with the same numbers differ too; otherwise they are as
// unlikely to be alike as any two.
func (f Fingerprint) With(numbers ...uint64) Fingerprint {
	for _, n := range numbers {
		f = Fingerprint(mix(uint64(f) ^ mix(n)))
	}
	return f
}

// mix maps 64 bits one to one, so that each bit of the result hangs on all of
// them: the last step of SplitMix64 (Steele, Lea and Flood, 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// String is the fingerprint as 16 hexadecimal digits.
func (f Fingerprint) String() string {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(f))
	var digits [16]byte
	hex.Encode(digits[:], b[:])
	return string(digits[:])
}

// ParseFingerprint is the inverse of String.
func ParseFingerprint(s string) (Fingerprint, error) {
	if len(s) != 16 {
		return 0, fmt.Errorf("%q is not 16 hexadecimal digits", s)
	}
	var sum [8]byte
	if _, err := hex.Decode(sum[:], []byte(s)); err != nil {
		return 0, fmt.Errorf("%q is not 16 hexadecimal digits", s)
	}
	return Fingerprint(binary.BigEndian.Uint64(sum[:])), nil
}
