package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/refbulk/refbulk/pkg/pace"
)

func TestNewRefusesWhatWouldShowTheTokenOrLeadNowhere(t *testing.T) {
	gate := pace.New(pace.Options{})
	defer gate.Close()
	for _, test := range []struct {
		config Config
		want   string // part of the error; empty for none
	}{
		{Config{BaseURL: "https://api.example.com/api/v2", Gate: gate}, ""},
		{Config{BaseURL: "https://api.example.com", Gate: gate}, ""},
		{Config{BaseURL: "http://localhost:8080/api", Gate: gate}, ""},
		{Config{BaseURL: "http://127.0.0.1:8080", Gate: gate}, ""},
		{Config{BaseURL: "http://[::1]:8080", Gate: gate}, ""},
		{Config{BaseURL: "http://api.example.com", Gate: gate}, "plain http"},
		{Config{BaseURL: "http://localhost.example.com", Gate: gate}, "plain http"},
		{Config{BaseURL: "http://10.0.0.1", Gate: gate}, "plain http"},
		{Config{BaseURL: "ftp://api.example.com", Gate: gate}, `"ftp"`},
		{Config{BaseURL: "", Gate: gate}, "not an address"},
		{Config{BaseURL: "api.example.com", Gate: gate}, "not an address"},
		{Config{BaseURL: "https:///api", Gate: gate}, "not an address"},
		{Config{BaseURL: "https://:443/api", Gate: gate}, "not an address"},
		{Config{BaseURL: "https://me:pass@api.example.com", Gate: gate}, "user name"},
		{Config{BaseURL: "https://api.example.com?a=b", Gate: gate}, "query"},
		{Config{BaseURL: "https://api.example.com/?", Gate: gate}, "query"},
		{Config{BaseURL: "https://api.example.com#top", Gate: gate}, "fragment"},
		{Config{BaseURL: "https://api.example.com", Gate: gate, Token: secret + "\n"}, "token"},
		{Config{BaseURL: "https://api.example.com", Gate: gate, Token: secret + "é"}, "token"},
		{Config{BaseURL: "https://api.example.com"}, "gate"},
	} {
		c, err := New(test.config)
		if test.want == "" && (err != nil || c == nil) {
			t.Errorf("New(%q) = %v, want a client", test.config.BaseURL, err)
		}
		if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), secret)) {
			t.Errorf("New(%q) = %v, want an error that holds %q and no token", test.config.BaseURL, err, test.want)
		}
		if err != nil && strings.Contains(err.Error(), "pass@") {
			t.Errorf("New(%q) = %v, which shows the password", test.config.BaseURL, err)
		}
	}
}

func TestACallOnTheWire(t *testing.T) {
	type wire struct{ line, auth, accept, kind, agent, body, coding string }
	var got wire
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = wire{
			r.Method + " " + r.RequestURI + " " + r.Proto, r.Header.Get("Authorization"), r.Header.Get("Accept"), r.Header.Get("Content-Type"),
			r.Header.Get("User-Agent"), string(body), strings.Join(r.TransferEncoding, ",") + r.Header.Get("Content-Length"),
		}
		_, _ = io.WriteString(w, `{"data":1}`)
	})
	c := newClient(t, Config{BaseURL: server.URL + "/api/", UserAgent: "refbulk/1"})
	for _, test := range []struct {
		request            Request
		line, body, coding string
	}{
		{Request{Method: "GET", Path: "/users", Query: url.Values{"page": {"2"}, "q": {"a b"}}, Reads: true}, "GET /api/users?page=2&q=a+b HTTP/1.1", "", ""},
		{Request{Method: "GET", Path: "/users/a%2Fb", Reads: true}, "GET /api/users/a%2Fb HTTP/1.1", "", ""},
		{Request{Method: "POST", Path: "/users", Body: map[string]int{"a": 1}}, "POST /api/users HTTP/1.1", `{"a":1}`, "7"},
		{Request{Method: "POST", Path: "/rewards/issue/7"}, "POST /api/rewards/issue/7 HTTP/1.1", "", "0"},
		{Request{Method: "PUT", Path: "/x"}, "PUT /api/x HTTP/1.1", "", "0"},
		{Request{Method: "DELETE", Path: "/users/7"}, "DELETE /api/users/7 HTTP/1.1", "", ""},
	} {
		var answer struct{ Data int }
		status, err := c.Do(t.Context(), test.request, &answer)
		want := wire{test.line, "Bearer " + secret, "application/json", "application/json", "refbulk/1", test.body, test.coding}
		if err != nil || status != 200 || answer.Data != 1 || got != want {
			t.Errorf("Do(%s %s) = %d, %v with %+v on the wire, want 200 with %+v", test.request.Method, test.request.Path, status, err, got, want)
		}
	}
	if got, want := c.Stats(), (Stats{Reads: 2, Writes: 4}); got != want {
		t.Errorf("Stats() = %+v, want %+v", got, want)
	}
}

func TestNothingIsSentForARequestThatCannotBe(t *testing.T) {
	gate, slots := counted(t)
	c := newClient(t, Config{BaseURL: "https://api.example.com", Gate: gate, Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		t.Errorf("%s was sent, want nothing", r.URL)
		return nil, io.EOF
	})})
	for _, r := range []Request{
		{Method: "GET", Path: "@elsewhere.example.com/users", Reads: true},
		{Method: "GET", Path: ".elsewhere.example.com/users", Reads: true},
		{Method: "GET", Path: ":80/users", Reads: true},
		{Method: "GET", Path: "/%zz", Reads: true},
		{Method: "BAD METHOD", Path: "/"},
		{Method: "POST", Path: "/", Body: func() {}},
	} {
		if status, err := c.Do(t.Context(), r, nil); err == nil || status != 0 || VerdictOf(err) != 0 {
			t.Errorf("Do(%s %s) = %d, %v, want an error without a verdict", r.Method, r.Path, status, err)
		}
	}
	slots.want(t, "requests that cannot be", 0, 0)
}

func TestACallIsAnnouncedAfterTheGateAndBeforeItLeaves(t *testing.T) {
	gate, slots := counted(t)
	order := ""
	c := newClient(t, Config{Gate: gate, Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		order += "sent "
		return answering(200, "{}"), nil
	})})
	announced := BeforeCall(t.Context(), func(r Request) error {
		if gate.Stats().InFlight != 1 {
			t.Error("a call was announced before it passed the gate")
		}
		order += r.Method + " "
		return nil
	})
	for _, r := range []Request{aWrite, aRead} {
		if _, err := c.Do(announced, r, nil); err != nil {
			t.Fatalf("Do(%s) = %v", r.Method, err)
		}
	}
	if want := "POST sent GET sent "; order != want {
		t.Errorf("a write and a read: %q, want %q", order, want)
	}
	full := errors.New("the disk is full")
	if _, err := c.Do(BeforeCall(t.Context(), func(Request) error { return full }), aWrite, nil); err != full {
		t.Errorf("Do(announcement fails) = %v, want %v as it is", err, full)
	}
	slots.want(t, "two calls and one kept back", 2, 1)
	if got, want := c.Stats(), (Stats{Reads: 1, Writes: 1}); got != want {
		t.Errorf("Stats() = %+v, want %+v", got, want)
	}
}

func TestAContextThatEndsWhileACallIsAnnouncedKeepsItBack(t *testing.T) {
	gate, slots := counted(t)
	c := newClient(t, Config{Gate: gate, Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		t.Error("the write was sent, want it kept back")
		return nil, io.EOF
	})})
	cause := errors.New("a second signal")
	calls, abandon := context.WithCancelCause(t.Context())
	_, err := c.Do(BeforeCall(calls, func(Request) error { abandon(cause); return nil }), aWrite, nil)
	if !errors.Is(err, cause) || VerdictOf(err) != 0 {
		t.Errorf("Do(abandoned while announced) = %v, want %v and no verdict", err, cause)
	}
	slots.want(t, "a write kept back", 0, 1)
}

func TestWaitingAtTheGateEndsWithTheContextOrTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := pace.New(pace.Options{Limit: 1, Peak: -1})
		defer gate.Close()
		c := newClient(t, Config{Gate: gate, Transport: roundTrip(func(*http.Request) (*http.Response, error) { return answering(200, ""), nil })})
		if _, err := c.Do(t.Context(), aRead, nil); err != nil {
			t.Fatal(err)
		}
		// The cause may be the error of another call, and is none of this one.
		cause := &Error{Verdict: Wait, Status: 429, Message: "too many"}
		for _, test := range []struct {
			name string
			end  func(context.Context, error) context.Context
		}{
			{"the queue", func(ctx context.Context, why error) context.Context {
				queue, end := context.WithCancelCause(ctx)
				time.AfterFunc(time.Second, func() { end(why) })
				return pace.WithQueue(ctx, queue)
			}},
			{"the context", func(ctx context.Context, _ error) context.Context {
				ctx, end := context.WithCancelCause(ctx)
				time.AfterFunc(time.Second, func() { end(io.ErrClosedPipe) })
				return ctx
			}},
		} {
			began := time.Now()
			status, err := c.Do(test.end(t.Context(), cause), aWrite, nil)
			if status != 0 || !errors.Is(err, cause) && !errors.Is(err, io.ErrClosedPipe) || VerdictOf(err) != 0 {
				t.Errorf("Do(%s ends at the gate) = %d, %v with verdict %v, want the cause and no verdict", test.name, status, err, VerdictOf(err))
			}
			if past := time.Since(began); past != time.Second {
				t.Errorf("Do(%s ends at the gate after 1s) took %v", test.name, past)
			}
		}
		if got, want := c.Stats(), (Stats{Reads: 1}); got != want {
			t.Errorf("Stats() = %+v, want %+v", got, want)
		}
	})
}

func TestALateAnswerIsGivenUp(t *testing.T) {
	for _, test := range []struct {
		request Request
		after   time.Duration
		verdict Verdict
	}{
		{aWrite, 40 * time.Second, Unknown},
		{aRead, time.Minute, Again},
	} {
		synctest.Test(t, func(t *testing.T) {
			gate, slots := counted(t)
			c := newClient(t, Config{Gate: gate, Transport: roundTrip(silence)})
			began := time.Now()
			_, err := c.Do(t.Context(), test.request, nil)
			e := asError(t, "Do(silence)", err)
			if past := time.Since(began); past != test.after || e.Verdict != test.verdict || e.Message != "no answer came in time" || e.Left != began {
				t.Errorf("Do(%s, silence) = %+v after %v, want %v after %v", test.request.Method, e, past, test.verdict, test.after)
			}
			slots.want(t, "silence", 1, 0)
		})
	}
}

func TestACallAbandonedInFlightIsUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate, slots := counted(t)
		c := newClient(t, Config{Gate: gate, Transport: roundTrip(silence)})
		cause := errors.New("a second signal")
		calls, abandon := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { abandon(cause) })
		_, err := c.Do(calls, aWrite, nil)
		if e := asError(t, "Do(abandoned)", err); e.Verdict != Unknown || !errors.Is(err, cause) {
			t.Errorf("Do(abandoned) = %v with verdict %v, want %v and %v", err, e.Verdict, Unknown, cause)
		}
		slots.want(t, "an abandoned call", 1, 0)
	})
}
