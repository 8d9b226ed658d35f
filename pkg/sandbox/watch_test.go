package sandbox_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

func watch(s *sandbox.Server, method, path, body string) reply {
	return send(s, request(method, "/_sandbox"+path, body))
}

func TestCountsAreServedAsTheyAre(t *testing.T) {
	s := newServer(sandbox.Options{})
	ask(t, s, "DELETE", "/users/11", "")
	var got sandbox.Counts
	if err := json.Unmarshal([]byte(watch(s, "GET", "/counts", "").body), &got); err != nil {
		t.Fatal(err)
	}
	if want := s.Counts(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("counts = %+v, want %+v", got, want)
	}
}

func TestFaultsAreScheduledFromOutside(t *testing.T) {
	s := newServer(sandbox.Options{})
	wantStatus(t, watch(s, "POST", "/faults", "# twice\nGET /users times=2 status=503\n* * stall"), 200)
	wantStatus(t, ask(t, s, "GET", "/users", ""), 503)
	var got []sandbox.FaultCount
	if err := json.Unmarshal([]byte(watch(s, "GET", "/faults", "").body), &got); err != nil {
		t.Fatal(err)
	}
	want := []sandbox.FaultCount{
		{Fault: sandbox.Fault{Method: "GET", Path: "/users", Times: 2, Effect: sandbox.AnswerStatus, Status: 503}, Matched: 1, Hits: 1},
		{Fault: sandbox.Fault{Effect: sandbox.Stall}},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("faults = %+v, want %+v", got, want)
	}
	refused := watch(s, "POST", "/faults", "* * explode")
	if refused.status != 422 || !strings.Contains(refused.body, "lose-answer") {
		t.Errorf("POST of a wrong fault = %d %q, want 422 and what there is", refused.status, refused.body)
	}
	wantStatus(t, watch(s, "DELETE", "/faults", ""), 204)
	if n := len(s.Faults()); n != 0 {
		t.Errorf("%d faults after DELETE, want none", n)
	}
}

func TestStateGoesOutAndComesBack(t *testing.T) {
	s, other := newServer(sandbox.Options{}), newServer(sandbox.Options{State: crowd(3)})
	wantStatus(t, watch(other, "PUT", "/state", watch(s, "GET", "/state", "").body), 204)
	wantSameState(t, other.State(), s.State())
	wantStatus(t, watch(other, "PUT", "/state", `{"users": [{"campaign_id": 8}]}`), 422)
	wantSameState(t, other.State(), s.State())
	wantStatus(t, watch(other, "POST", "/reset", ""), 204)
	if n := len(other.State().Users); n != 3 {
		t.Errorf("%d users after reset, want the 3 at the start", n)
	}
}

func TestThePageShowsTheCountsAndNoToken(t *testing.T) {
	s := newServer(sandbox.Options{Token: "example-token", Faults: []sandbox.Fault{{Effect: sandbox.EmptyBody, Path: "/x"}}})
	ask(t, s, "GET", "/users", "")
	for _, path := range []string{"", "/"} {
		got := watch(s, "GET", path, "")
		wantStatus(t, got, 200)
		for _, want := range []string{"GET /users", "* /x empty-body", "<td>users<td>3"} {
			if !strings.Contains(got.body, want) {
				t.Errorf("page lacks %q", want)
			}
		}
		for _, no := range []string{"example-token", "<script"} {
			if strings.Contains(got.body, no) {
				t.Errorf("page holds %q", no)
			}
		}
	}
	wantStatus(t, watch(s, "GET", "/nothing", ""), 404)
}
