package sandbox_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// reply is what a call was told.
type reply struct {
	status int
	header http.Header
	body   string
}

// ask makes one call below BasePath with a token.
func ask(t *testing.T, s *sandbox.Server, method, path, body string) reply {
	t.Helper()
	return send(s, request(method, sandbox.BasePath+path, body))
}

func request(method, path, body string) *http.Request {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer example-token")
	r.Header.Set("Accept", "application/json")
	return r
}

func send(s *sandbox.Server, r *http.Request) reply {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return reply{w.Code, w.Header(), w.Body.String()}
}

// object is a decoded JSON object.
type object map[string]any

func (r reply) object(t *testing.T) object {
	t.Helper()
	var o object
	if err := json.Unmarshal([]byte(r.body), &o); err != nil {
		t.Fatalf("answer %q is no JSON object: %v", r.body, err)
	}
	return o
}

// data is the object under "data".
func (r reply) data(t *testing.T) object {
	t.Helper()
	data, ok := r.object(t)["data"].(map[string]any)
	if !ok {
		t.Fatalf("answer %d %q has no object under data", r.status, r.body)
	}
	return data
}

// list is the objects under "data".
func (r reply) list(t *testing.T) []object {
	t.Helper()
	data, ok := r.object(t)["data"].([]any)
	if !ok {
		t.Fatalf("answer %d %q has no list under data", r.status, r.body)
	}
	out := make([]object, len(data))
	for i, x := range data {
		out[i] = x.(map[string]any)
	}
	return out
}

// column is one field of the objects under "data", in order.
func (r reply) column(t *testing.T, name string) string {
	t.Helper()
	var out []string
	for _, x := range r.list(t) {
		out = append(out, fmt.Sprint(x[name]))
	}
	return strings.Join(out, " ")
}

func wantStatus(t *testing.T, got reply, want int) {
	t.Helper()
	if got.status != want {
		t.Fatalf("status = %d, want %d; body %s", got.status, want, got.body)
	}
}

// wantProblem wants a 422 whose envelope names field.
func wantProblem(t *testing.T, got reply, field string) {
	t.Helper()
	wantStatus(t, got, http.StatusUnprocessableEntity)
	o := got.object(t)
	errors, _ := o["errors"].(map[string]any)
	list, _ := errors[field].([]any)
	if len(list) == 0 {
		t.Fatalf("errors = %v, want one under %q", o["errors"], field)
	}
	first, _ := list[0].(map[string]any)
	if first["field"] != field || first["message"] == "" || o["code"] != 422.0 || o["message"] != "request did not validate" {
		t.Errorf("envelope = %s, want code 422, a message, and field and message inside", got.body)
	}
}

// day is the date of the tests' clock.
const day = "2026-02-03"

func fixedDay() time.Time { return time.Date(2026, 2, 3, 12, 0, 0, 0, time.UTC) }

// ivan is a person referring in campaign 1, with noor as a lead, and both have
// fields to search by. Campaign 2 is paused and asks for a City.
func populated() *sandbox.State {
	s := sandbox.Example()
	s.Campaigns = append(s.Campaigns, sandbox.Campaign{
		ID: 2, Name: "Winter", Code: "WinTer22", Status: "paused",
		Fields: sandbox.Fields{PersonReferring: []sandbox.Field{{ID: 21, Type: "input", Label: "City", Required: true}}},
	})
	s.Users = []sandbox.User{
		{ID: 10, CampaignID: 1, Email: "Ivan@example.com", FirstName: "Ivan", Code: "IvanIvan"},
		{ID: 11, CampaignID: 1, Email: "noor@example.com", FirstName: "Noor", Code: "NoorNoor", ReferrerID: 10,
			Meta: []sandbox.Meta{{Field: "City", Value: "Utrecht"}, {Field: "Plan", Value: "Pro"}}},
		{ID: 12, CampaignID: 2, Email: "ivan@example.com", FirstName: "Ivan Two", Code: "IvanTwo2"},
	}
	return &s
}

// newServer is a populated account on the tests' day.
func newServer(o sandbox.Options) *sandbox.Server {
	if o.State == nil {
		o.State = populated()
	}
	if o.Now == nil {
		o.Now = fixedDay
	}
	return sandbox.New(o)
}

func withBehaviour(b sandbox.Behaviour) sandbox.Options { return sandbox.Options{Behaviour: b} }
