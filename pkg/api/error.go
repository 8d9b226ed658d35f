package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/refbulk/refbulk/pkg/pace"
	"github.com/refbulk/refbulk/pkg/wire"
)

// Verdict is what the failure of one call means for the caller.
type Verdict int

// The verdicts, from the most to the least final.
const (
	// Stop: no further call can succeed (401, 403, a forged certificate,
	// everything moved elsewhere).
	Stop Verdict = iota + 1
	// Refused: the API understood the call and will refuse it again.
	Refused
	// Wait: the rate limit was overrun; nothing was applied.
	Wait
	// Again: nothing was applied, and a later try may succeed.
	Again
	// Unknown: the call left, no usable answer came, and it may have been
	// applied.
	Unknown
)

var verdictWords = map[Verdict]string{
	Stop: "stop", Refused: "refused", Wait: "wait", Again: "again", Unknown: "unknown",
}

// String names the verdict for a log.
func (v Verdict) String() string { return verdictWords[v] }

// Error is a call that did not succeed.
type Error struct {
	Verdict    Verdict
	Status     int           // of the answer; 0 when none came
	RetryAfter time.Duration // how long the API asked to wait; 0 when it did not say
	Left       time.Time     // when the call passed the gate
	Message    string        // what happened, for a person
	Fields     []string      // the fields a validation error names
	Err        error         // the cause, for calls without an answer

	neverLeft bool // certainly, not a byte of it: there was no connection
}

// Error is the message, with the status where there was one.
func (e *Error) Error() string {
	if e.Status != 0 {
		return fmt.Sprintf("%s (HTTP %d)", e.Message, e.Status)
	}
	return e.Message
}

// Unwrap is the cause of a call without an answer.
func (e *Error) Unwrap() error { return e.Err }

// Pending is how far the API may still be from being done with a call that
// failed.
type Pending int

const (
	// Over: the API spoke, or has never heard of the call.
	Over Pending = iota
	// Broken: somebody on the way broke the call off, and knows nothing of the
	// API's work on it.
	Broken
	// Underway: nobody but ourselves, or the clock of a proxy, has ended it.
	Underway
)

// Pending judges by what ended the call.
func (e *Error) Pending() Pending {
	switch e.Status {
	case http.StatusRequestTimeout, http.StatusGatewayTimeout,
		522, 524: // a content network's words for a server that took too long
		return Underway
	case http.StatusBadGateway, 520: // a content network's word for an answer that broke off
		return Broken
	case 0:
		switch {
		case e.neverLeft:
			return Over
		case errors.Is(e.Err, context.DeadlineExceeded), errors.Is(e.Err, context.Canceled),
			errors.Is(e.Err, wire.ErrHungUp), errors.Is(e.Err, errForeign):
			return Underway
		}
		return Broken
	}
	return Over
}

// Unreached reports whether the call found no way to the API. That says nothing
// of what it asks.
func (e *Error) Unreached() bool { return e.neverLeft }

// VerdictOf is the verdict of err, and 0 when err is not an Error. A call that
// gave up its place at the gate has none: the Error that it may wrap is the
// one for which the run ended, and belongs to another call.
func VerdictOf(err error) Verdict {
	if err == nil {
		return 0
	}
	var e *Error
	if !errors.Is(err, pace.ErrLeftQueue) && errors.As(err, &e) {
		return e.Verdict
	}
	return 0
}

// StatusOf is the HTTP status that err carries, 0 for none.
func StatusOf(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

// verdict judges an answer that is not a success. A read changes nothing, so
// what became of it is never unknown. A server's 5xx may come from a proxy
// whose backend did the work, a 408 from a server that had read all it
// needed, and a redirect from one that answers a success by it: after a
// write they leave open whether it was applied. A read that has moved for good
// will not come back.
func verdict(status int, reads bool) Verdict {
	switch {
	case reads && (status == http.StatusMovedPermanently || status == http.StatusPermanentRedirect):
		return Stop
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return Stop
	case status == http.StatusTooManyRequests:
		return Wait
	case status >= 500, status == http.StatusRequestTimeout, status < 400:
		if reads {
			return Again
		}
		return Unknown
	}
	return Refused
}
