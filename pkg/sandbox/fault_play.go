package sandbox

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// play does the work of a call and answers it, the way fault has it. fault may
// be nil.
func (s *Server) play(w http.ResponseWriter, r *http.Request, fault *Fault, a *api, work func() answer) {
	if fault == nil {
		s.deliver(w, work())
		return
	}
	if !s.wait(r.Context(), fault.Delay) {
		s.lose(w)
		return
	}
	switch fault.Effect {
	case AnswerStatus:
		refusal := a.refuse(fault.Status, "scheduled fault")
		refusal.header = fault.retryAfter(s.opts.Now())
		s.deliver(w, refusal)
	case Redirect:
		s.deliver(w, answer{status: http.StatusTemporaryRedirect, header: http.Header{"Location": {fault.RedirectTo}}})
	case ResetBefore:
		s.lose(w)
	case StallBefore:
		s.hang(r.Context())
		s.lose(w)
	case Stall:
		work()
		s.hang(r.Context())
		s.lose(w)
	case LoseAnswer:
		work()
		s.lose(w)
	default:
		s.spoil(w, fault, work())
	}
}

func (f *Fault) retryAfter(now time.Time) http.Header {
	switch {
	case f.RetryAfter == 0:
		return nil
	case f.RetryAfterDate:
		return retryAfter(RetryAfterDate, f.RetryAfter, now)
	}
	return retryAfter(RetryAfterSeconds, f.RetryAfter, now)
}

// spoil sends an answer that is of no use.
func (s *Server) spoil(w http.ResponseWriter, fault *Fault, a answer) {
	switch fault.Effect {
	case ResetMidBody:
		s.tally.unanswered()
		a.header = http.Header{"Content-Length": {strconv.Itoa(len(a.body))}}
		a.body = a.body[:len(a.body)/2]
		a.write(w)
		// The error would only say that there is nothing to flush.
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case MalformedJSON:
		a.body = append([]byte("{"), a.body[:len(a.body)/2]...)
	case EmptyBody:
		a.body = nil
	case HTMLBody:
		a = answer{status: http.StatusOK, body: []byte("<!doctype html><title>Sign in</title><p>Please sign in to the network.")}
		a.header = http.Header{"Content-Type": {"text/html; charset=utf-8"}}
	case HugeBody:
		s.tally.answered(a.status)
		sendHuge(w, a.status, fault.Size)
		return
	}
	s.deliver(w, a)
}

func (s *Server) deliver(w http.ResponseWriter, a answer) {
	s.tally.answered(a.status) // first: who has the answer may ask for the counts
	a.write(w)
}

// sendHuge streams a JSON string of size bytes without holding it.
func sendHuge(w http.ResponseWriter, status int, size int64) {
	if size == 0 {
		size = DefaultHugeBody
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	const chunk = 64 << 10
	pad := bytes.Repeat([]byte("a"), chunk)
	_, err := io.WriteString(w, `"`)
	for left := size - 2; left > 0 && err == nil; left -= chunk {
		_, err = w.Write(pad[:min(left, chunk)])
	}
	if err == nil {
		_, err = io.WriteString(w, `"`)
	}
	_ = err // the caller hung up: that is theirs to do
}

// lose ends a call without an answer.
func (s *Server) lose(w http.ResponseWriter) {
	s.tally.unanswered()
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // net/http and Transport take it as a cut
	}
	// Without lingering the close is a reset, as from a machine that died.
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// hang waits for the caller to give up or for Close.
func (s *Server) hang(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-s.closed:
	}
}

// wait tells whether d went by with the caller still there.
func (s *Server) wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
	case <-s.closed:
	}
	return false
}
