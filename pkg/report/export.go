package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// Export is what became of an export, in the shape of --json.
type Export struct {
	Command         string   `json:"command"`
	Provider        string   `json:"provider"`
	Resource        string   `json:"resource"`
	Output          string   `json:"output"`
	Rows            int      `json:"rows"`
	Read            int      `json:"read"` // with what a filter left out
	Requests        Requests `json:"requests"`
	WorstWindow     int      `json:"worst_window"` // most requests in any window
	WaitedSeconds   float64  `json:"waited_seconds"`
	DurationSeconds float64  `json:"duration_seconds"`
	ExitCode        int      `json:"exit_code"`

	// What only the text shows.
	Limit   int           `json:"-"`
	Window  time.Duration `json:"-"`
	Sandbox bool          `json:"-"`
}

// JSON writes the summary as one object.
func (e *Export) JSON(w io.Writer) error { return json.NewEncoder(w).Encode(e) }

// Text writes the summary for a person.
func (e *Export) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s %s of %s", e.Output, number(e.Rows), plural(e.Rows, "row"), e.Resource)
	if e.Read > e.Rows {
		fmt.Fprintf(&b, ", out of %s", number(e.Read))
	}
	if e.Sandbox {
		b.WriteString(" (of the sandbox)")
	}
	s := Summary{Requests: e.Requests}
	fmt.Fprintf(&b, "\n%s in %v", s.requests(), seconds(e.DurationSeconds))
	if e.WaitedSeconds >= 1 {
		fmt.Fprintf(&b, ", of which %v waiting for the rate limit", seconds(e.WaitedSeconds))
	}
	b.WriteString(".\n")
	if e.Limit > 0 && e.WorstWindow > 0 {
		fmt.Fprintf(&b, "Busiest %s: %d of %d requests allowed.\n", period(e.Window), e.WorstWindow, e.Limit)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
