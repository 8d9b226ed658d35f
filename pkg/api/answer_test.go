package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

func TestVerdictOfAStatus(t *testing.T) {
	status, header := 0, http.Header{}
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(status)
	})
	gate, slots := counted(t)
	c := newClient(t, Config{BaseURL: server.URL, Gate: gate})
	calls := 0
	for _, test := range []struct {
		status      int
		read, write Verdict
	}{
		{200, 0, 0}, {201, 0, 0}, {202, 0, 0}, {204, 0, 0},
		{301, Stop, Unknown}, {302, Again, Unknown}, {303, Again, Unknown}, {304, Again, Unknown}, {307, Again, Unknown}, {308, Stop, Unknown},
		{400, Refused, Refused}, {401, Stop, Stop}, {402, Refused, Refused}, {403, Stop, Stop}, {404, Refused, Refused},
		{405, Refused, Refused}, {406, Refused, Refused}, {408, Again, Unknown}, {409, Refused, Refused}, {410, Refused, Refused},
		{422, Refused, Refused}, {429, Wait, Wait},
		{500, Again, Unknown}, {502, Again, Unknown}, {503, Again, Unknown}, {504, Again, Unknown}, {599, Again, Unknown},
	} {
		status = test.status
		for _, call := range []struct {
			request Request
			want    Verdict
		}{{aRead, test.read}, {aWrite, test.write}} {
			calls++
			got, err := c.Do(t.Context(), call.request, nil)
			if got != test.status || VerdictOf(err) != call.want || (err == nil) != (call.want == 0) {
				t.Errorf("Do(%s, answered %d) = %d, %v with verdict %v, want %v", call.request.Method, test.status, got, err, VerdictOf(err), call.want)
			}
			if err != nil && StatusOf(err) != test.status {
				t.Errorf("StatusOf(Do(%s, answered %d)) = %d", call.request.Method, test.status, StatusOf(err))
			}
		}
	}
	slots.want(t, "answers of all kinds", calls, 0)
	if got := c.Stats().Throttled; got != 2 {
		t.Errorf("Stats().Throttled = %d, want 2", got)
	}
}

// Each fault of a working server, met over a real connection.
func TestVerdictOfAnAnswerThatIsOfNoUse(t *testing.T) {
	for _, test := range []struct {
		fault       string
		read, write Verdict
		message     string
	}{
		{"reset-before", Again, Unknown, "no usable answer came"},
		{"lose-answer", Again, Unknown, "no usable answer came"},
		{"reset-mid-body", Again, Unknown, "the connection ended early"},
		{"malformed-json", Again, Unknown, "not the JSON that was expected"},
		{"empty-body", Again, Unknown, "the answer is empty"},
		{"html-body", Again, Unknown, "not the JSON that was expected"},
		{"huge-body=40000000", Again, Unknown, "the answer is longer than"},
		{"status=500", Again, Unknown, "scheduled fault"},
		{"status=429 retry-after=7s", Wait, Wait, "(HTTP 429)"},
	} {
		t.Run(test.fault, func(t *testing.T) {
			s := sandbox.New(sandbox.Options{})
			defer s.Close()
			running, err := sandbox.Listen("127.0.0.1:0", s)
			if err != nil {
				t.Fatal(err)
			}
			defer running.Close()
			fault, err := sandbox.ParseFault("* * " + test.fault)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.AddFaults(fault); err != nil {
				t.Fatal(err)
			}
			gate, slots := counted(t)
			c := newClient(t, Config{BaseURL: running.URL() + sandbox.BasePath, Gate: gate})
			for _, call := range []struct {
				request Request
				want    Verdict
			}{
				{aRead, test.read},
				{Request{Method: "POST", Path: "/users", Body: map[string]any{"campaign_id": 1, "email": "jane@example.com", "first_name": "Jane"}}, test.write},
			} {
				var answer struct{ Data any }
				_, err := c.Do(t.Context(), call.request, &answer)
				e := asError(t, "Do("+test.fault+")", err)
				if e.Verdict != call.want || !strings.Contains(e.Error(), test.message) {
					t.Errorf("Do(%s, %s) = %q with verdict %v, want %q and %v", call.request.Method, test.fault, e, e.Verdict, test.message, call.want)
				}
			}
			slots.want(t, test.fault, 2, 0)
			if unhit := s.UnhitFaults(); len(unhit) != 0 {
				t.Errorf("faults that no call met: %v", unhit)
			}
			c.Close()
		})
	}
}

// What the status says holds, whatever becomes of the rest of the answer.
func TestTheStatusCountsWhenTheBodyBreaksOff(t *testing.T) {
	for _, test := range []struct {
		status int
		want   Verdict
	}{{200, 0}, {204, 0}, {401, Stop}, {404, Refused}, {422, Refused}, {429, Wait}, {503, Unknown}} {
		gate, slots := counted(t)
		c := newClient(t, Config{Gate: gate, Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			answer := answering(test.status, "")
			answer.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"mess`), failing{io.ErrUnexpectedEOF}))
			return answer, nil
		})})
		if status, err := c.Do(t.Context(), aWrite, nil); status != test.status || VerdictOf(err) != test.want {
			t.Errorf("Do(%d, broken off) = %d, %v with verdict %v, want %v", test.status, status, err, VerdictOf(err), test.want)
		}
		slots.want(t, "an answer that broke off", 1, 0)
	}
}

// failing is a reader that only fails.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// endless is a body without end that counts what is read of it.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	copy(p, bytes.Repeat([]byte(" "), len(p)))
	e.read += len(p)
	return len(p), nil
}

func (*endless) Close() error { return nil }

func TestAnEndlessAnswerIsReadUpToABound(t *testing.T) {
	for _, test := range []struct {
		request Request
		status  int
		most    int
		want    Verdict
	}{
		{aRead, 200, maxList, Again}, {aWrite, 200, maxOne, Unknown}, {aRead, 500, maxOne, Again}, {aWrite, 422, maxOne, Refused},
	} {
		body := &endless{}
		c := newClient(t, Config{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			answer := answering(test.status, "")
			answer.Body = body
			return answer, nil
		})})
		var answer any
		_, err := c.Do(t.Context(), test.request, &answer)
		if VerdictOf(err) != test.want || body.read > test.most+test.most/8 {
			t.Errorf("Do(%s, endless %d) = %v after %d bytes, want %v after %d or little more", test.request.Method, test.status, err, body.read, test.want, test.most)
		}
	}
}

func TestASuccessThatIsAWebPageIsNone(t *testing.T) {
	c := newClient(t, Config{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		return answering(200, "<p>Please sign in to the network.", "Content-Type", "text/html; charset=utf-8"), nil
	})})
	if _, err := c.Do(t.Context(), aWrite, nil); VerdictOf(err) != Unknown {
		t.Errorf("Do(a web page instead of an answer) = %v, want %v", err, Unknown)
	}
}

func TestMessagesArePlainAndForAPerson(t *testing.T) {
	explain := func(body []byte) (string, []string) {
		if bytes.HasPrefix(body, []byte("{")) {
			return "explained " + string(body), []string{"email"}
		}
		return "", nil
	}
	for _, test := range []struct {
		answer *http.Response
		want   string
	}{
		{answering(422, `{"a":1}`), `explained {"a":1} (HTTP 422)`},
		{answering(404, ""), "not found (HTTP 404)"},
		{answering(400, "no\n\x1b[31m such \x00\xff\t thing "), "bad request: no [31m such thing (HTTP 400)"},
		{answering(502, "<html><h1>nginx", "Content-Type", "text/html"), "bad gateway (HTTP 502)"},
		{answering(400, strings.Repeat("x", 500)), "bad request: " + strings.Repeat("x", 200) + " (HTTP 400)"},
		{answering(307, "", "Location", "https://elsewhere.example.com/x?y"), `the API sent us on to "elsewhere.example.com", where the token is not taken; is the API root right? (HTTP 307)`},
		{answering(304, ""), "not modified (HTTP 304)"},
	} {
		c := newClient(t, Config{Explain: explain, Transport: roundTrip(func(*http.Request) (*http.Response, error) { return test.answer, nil })})
		_, err := c.Do(t.Context(), aWrite, nil)
		if err == nil || err.Error() != test.want {
			t.Errorf("Do(answered %d) = %q, want %q", test.answer.StatusCode, err, test.want)
		}
		var e *Error
		if errors.As(err, &e); test.answer.StatusCode == 422 && fmt.Sprint(e.Fields) != "[email]" {
			t.Errorf("Do(answered 422) names the fields %v, want [email]", e.Fields)
		}
	}
}

func TestTheTokenIsNeverShown(t *testing.T) {
	for _, status := range []int{200, 301, 401, 422, 500} {
		var log bytes.Buffer
		c := newClient(t, Config{
			Log:     slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
			Explain: func(body []byte) (string, []string) { return string(body), nil },
			Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				return answering(status, "you sent "+r.Header.Get("Authorization")), nil
			}),
		})
		var answer any
		_, err := c.Do(t.Context(), aRead, &answer)
		if shown := fmt.Sprintf("%v %+v %s", err, err, log.String()); err == nil || strings.Contains(shown, secret) || log.Len() == 0 {
			t.Errorf("Do(answered %d with what was sent) shows %s, want an error and a log without the token", status, shown)
		}
	}
}
