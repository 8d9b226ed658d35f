package sandbox_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

func TestCallsAreRefusedByTheirForm(t *testing.T) {
	tests := []struct {
		name, method, path, body string
		set                      func(http.Header)
		want                     int
	}{
		{"no token", "GET", "/campaigns", "", func(h http.Header) { h.Del("Authorization") }, 401},
		{"wrong token", "GET", "/campaigns", "", func(h http.Header) { h.Set("Authorization", "Bearer other") }, 401},
		{"another scheme", "GET", "/campaigns", "", func(h http.Header) { h.Set("Authorization", "Basic example-token") }, 401},
		{"a lower-case scheme", "GET", "/campaigns", "", func(h http.Header) { h.Set("Authorization", "bearer example-token") }, 200},
		{"no token on an unknown path", "GET", "/nothing", "", func(h http.Header) { h.Del("Authorization") }, 401},
		{"an unknown path", "GET", "/nothing", "", nil, 404},
		{"a route of v1", "POST", "/users/11/qualify", "{}", nil, 404},
		{"a known path, another method", "PATCH", "/users/11", "{}", nil, 405},
		{"HTML wanted", "GET", "/campaigns", "", func(h http.Header) { h.Set("Accept", "text/html") }, 406},
		{"anything wanted", "GET", "/campaigns", "", func(h http.Header) { h.Set("Accept", "text/html;q=0.9, */*;q=0.1") }, 200},
		{"no Accept", "GET", "/campaigns", "", func(h http.Header) { h.Del("Accept") }, 200},
		{"no JSON", "POST", "/users", "email=jane", nil, 400},
		{"no object", "POST", "/users", `["jane"]`, nil, 400},
		{"two objects", "POST", "/users", `{} {}`, nil, 400},
		{"no body", "PUT", "/users/qualification", "", nil, 400},
		{"a body without end", "POST", "/users", `{"email":"` + strings.Repeat("a", 2<<20), nil, 413},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(sandbox.Options{Token: "example-token"})
			r := request(tt.method, sandbox.BasePath+tt.path, tt.body)
			if tt.set != nil {
				tt.set(r.Header)
			}
			got := send(s, r)
			wantStatus(t, got, tt.want)
			if tt.want >= 400 && got.object(t)["code"] != float64(tt.want) {
				t.Errorf("envelope %s, want code %d", got.body, tt.want)
			}
		})
	}
}

func TestMethodNotAllowedNamesThoseThatAre(t *testing.T) {
	got := ask(t, newServer(sandbox.Options{}), "PATCH", "/users", "{}")
	wantStatus(t, got, 405)
	if allow := got.header.Get("Allow"); allow != "POST, GET" {
		t.Errorf("Allow = %q, want POST, GET", allow)
	}
}

func TestPathsOutsideTheBaseAreUnknown(t *testing.T) {
	for _, path := range []string{"/", "/api/v1/users", "/api/v22/users", "/users"} {
		wantStatus(t, send(newServer(sandbox.Options{}), request("GET", path, "")), 404)
	}
}

func TestAnyTokenWillDoWithoutOneSet(t *testing.T) {
	wantStatus(t, ask(t, newServer(sandbox.Options{}), "GET", "/campaigns", ""), 200)
}

func TestPlainErrorsHaveAMessageAlone(t *testing.T) {
	s := newServer(withBehaviour(sandbox.Behaviour{PlainErrors: true}))
	for path, want := range map[string]int{"/users": 422, "/users/search": 422} {
		got := ask(t, s, "POST", path, `{"filters":7}`)
		wantStatus(t, got, want)
		if o := got.object(t); len(o) != 1 || o["message"] == "" {
			t.Errorf("POST %s: body %s, want a message alone", path, got.body)
		}
	}
}

func TestCountsTellCallsApart(t *testing.T) {
	s := newServer(sandbox.Options{Token: "example-token"})
	for range 2 {
		ask(t, s, "GET", "/users/11", "")
	}
	ask(t, s, "POST", "/users/search", `{}`)
	ask(t, s, "POST", "/users", `no JSON`)
	ask(t, s, "GET", "/nothing", "")
	stranger := request("GET", sandbox.BasePath+"/users", "")
	stranger.Header.Set("Authorization", "Bearer stranger")
	send(s, stranger)

	got := s.Counts()
	want := sandbox.Counts{
		Requests: 6, Reads: 5, Writes: 1,
		ByRoute: map[string]int{
			"GET /users/{identifier}": 2, "POST /users/search": 1, "POST /users": 1, "GET /users": 1, "unknown": 1,
		},
		ByStatus: map[int]int{200: 3, 400: 1, 401: 1, 404: 1},
		NotJSON:  1, Tokens: 2, MaxInFlight: 1, WorstWindow: 5,
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("Counts() = %+v, want %+v", got, want)
	}
}

func TestResetForgetsEverything(t *testing.T) {
	s := newServer(sandbox.Options{Limit: 1, Faults: []sandbox.Fault{{Effect: sandbox.EmptyBody}}})
	before := s.State()
	for range 9 {
		ask(t, s, "DELETE", "/users/10", "")
	}
	if c := s.Counts(); c.Blocked == 0 || c.Commits.Deletes != 1 {
		t.Fatalf("Counts() = %+v, want a block and a delete to forget", c)
	}
	s.Reset()
	wantSameState(t, s.State(), before)
	if c := s.Counts(); c.Requests != 0 || c.WorstWindow != 0 || c.Overruns != 0 {
		t.Errorf("Counts() after Reset = %+v, want nothing", c)
	}
	wantStatus(t, ask(t, s, "GET", "/users/10", ""), 200)
	if len(s.Faults()) != 0 {
		t.Errorf("Faults() after Reset = %v, want none", s.Faults())
	}
}

func TestNewRefusesOptionsThatContradictThemselves(t *testing.T) {
	lost := sandbox.State{Users: []sandbox.User{{Email: "a@example.com", CampaignID: 7}}}
	for name, o := range map[string]sandbox.Options{
		"state":  {State: &lost},
		"fault":  {Faults: []sandbox.Fault{{Effect: "explode"}}},
		"window": {Window: -1},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Errorf("New(%+v) did not panic", o)
				}
			}()
			sandbox.New(o)
		})
	}
}
