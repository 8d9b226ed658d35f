package referralfactory

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/sandbox"
)

// recorder keeps what it was asked to send on.
type recorder struct {
	next  http.RoundTripper
	calls []string // "METHOD host/path?query body"
	heads []http.Header
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	if err := req.Body.Close(); err != nil {
		return nil, err
	}
	req = req.Clone(req.Context())
	req.Body = io.NopCloser(bytes.NewReader(body))
	r.calls = append(r.calls, strings.TrimSpace(fmt.Sprintf("%s %s%s %s", req.Method, req.URL.Host, req.URL.RequestURI(), body)))
	r.heads = append(r.heads, req.Header)
	return r.next.RoundTrip(req)
}

func recorded(t *testing.T, o sandbox.Options) (*world, *recorder) {
	t.Helper()
	w := newWorld(t, o, UserOptions{})
	r := &recorder{next: w.server.Transport()}
	w = connect(t, w.server, "https://api.example.com"+sandbox.BasePath, r, UserOptions{})
	r.calls, r.heads = nil, nil
	return w, r
}

func TestEveryCallAsItLeaves(t *testing.T) {
	name, address := "Leopold", "leopold@example.com"
	for _, test := range []struct {
		call string
		make func(context.Context, *Client) error
		want string
	}{
		{"CreateUser", func(ctx context.Context, c *Client) error {
			_, _, err := c.CreateUser(ctx, NewUser{CampaignID: 1, FirstName: "Nia", Email: "new@example.com"})
			return err
		}, `POST api.example.com/api/v2/users {"campaign_id":1,"first_name":"Nia","email":"new@example.com","notify":false}`},
		{"CreateUser of a lead", func(ctx context.Context, c *Client) error {
			_, _, err := c.CreateUser(ctx, NewUser{CampaignID: 1, FirstName: "Nia", Email: "new@example.com", Notify: true, Promotion: true,
				Referrer: &ReferrerRef{Field: "email", Value: "rita@example.com"}, Meta: []MetaValue{{Field: "City", Value: "Utrecht"}}})
			return err
		}, `POST api.example.com/api/v2/users {"campaign_id":1,"first_name":"Nia","email":"new@example.com","notify":true,` +
			`"referrer":{"field":"email","value":"rita@example.com"},"meta":[{"field":"City","value":"Utrecht"}],"promotion":true}`},
		{"UpdateUser", func(ctx context.Context, c *Client) error {
			_, _, err := c.UpdateUser(ctx, leo, Changes{FirstName: &name})
			return err
		}, `PUT api.example.com/api/v2/users/2 {"first_name":"Leopold"}`},
		{"UpdateUser, all of it", func(ctx context.Context, c *Client) error {
			_, _, err := c.UpdateUser(ctx, leo, Changes{FirstName: &name, Email: &address, Meta: []MetaValue{{"City", "Paris"}}})
			return err
		}, `PUT api.example.com/api/v2/users/2 {"first_name":"Leopold","email":"leopold@example.com","meta":[{"field":"City","value":"Paris"}]}`},
		{"DeleteUser", func(ctx context.Context, c *Client) error { _, err := c.DeleteUser(ctx, leo); return err }, `DELETE api.example.com/api/v2/users/2`},
		{"SetQualification by id", func(ctx context.Context, c *Client) error {
			_, err := c.SetQualification(ctx, Qualification{ID: leo, Qualified: true})
			return err
		}, `PUT api.example.com/api/v2/users/qualification {"id":2,"qualified":true}`},
		{"SetQualification by code", func(ctx context.Context, c *Client) error {
			_, err := c.SetQualification(ctx, Qualification{Code: "codeLeo2"})
			return err
		}, `PUT api.example.com/api/v2/users/qualification {"code":"codeLeo2","qualified":false}`},
		{"SetQualification by e-mail", func(ctx context.Context, c *Client) error {
			_, err := c.SetQualification(ctx, Qualification{Email: "leo@example.com", CampaignID: 1, Qualified: true})
			return err
		}, `PUT api.example.com/api/v2/users/qualification {"email":"leo@example.com","campaign_id":1,"qualified":true}`},
		{"GetUser", func(ctx context.Context, c *Client) error { _, _, err := c.GetUser(ctx, "codeLeo2"); return err }, `GET api.example.com/api/v2/users/codeLeo2`},
		{"FindUsers", func(ctx context.Context, c *Client) error {
			found, err := c.FindUsers(ctx, "bo@example.com", 1)
			if len(found) != 2 {
				t.Errorf("FindUsers gave %d users, want both roles", len(found))
			}
			return err
		}, `POST api.example.com/api/v2/users/search {"filters":{"operator":"AND","value":[{"field":"email","operator":"=","value":"bo@example.com"},{"field":"campaign_id","operator":"=","value":1}]}}`},
		{"ListUsers", func(ctx context.Context, c *Client) error { _, err := c.ListUsers(ctx, 3); return err }, `GET api.example.com/api/v2/users?page=3&per_page=250`},
		{"ListCampaigns", func(ctx context.Context, c *Client) error { _, err := c.ListCampaigns(ctx, 1); return err }, `GET api.example.com/api/v2/campaigns?page=1&per_page=250`},
	} {
		w, r := recorded(t, sandbox.Options{Token: "secret"})
		if err := test.make(t.Context(), w.client); err != nil {
			t.Errorf("%s: %v", test.call, err)
		}
		if len(r.calls) != 1 || r.calls[0] != test.want {
			t.Errorf("%s sent\n %s\nwant\n %s", test.call, strings.Join(r.calls, "\n "), test.want)
			continue
		}
		for key, want := range map[string]string{"Authorization": "Bearer secret", "Accept": "application/json", "Content-Type": "application/json"} {
			if got := r.heads[0].Get(key); got != want {
				t.Errorf("%s: header %s is %q, want %q", test.call, key, got, want)
			}
		}
	}
}

// A code is one part of a path, whatever is in it.
func TestACodeCannotReachAnotherPath(t *testing.T) {
	w, r := recorded(t, sandbox.Options{})
	_, _, err := w.client.GetUser(t.Context(), "../campaigns?x=1")
	if got, want := r.calls[0], "GET api.example.com/api/v2/users/..%2Fcampaigns%3Fx=1"; got != want || !gone(err) {
		t.Errorf("sent %s (%v), want %s and nobody", got, err, want)
	}
}

// Links of a page may name any host: the token stays with ours. On loopback,
// another server listens there and must hear nothing.
func TestANextLinkOnAnotherHostIsNotFollowed(t *testing.T) {
	listen := func(o sandbox.Options) (*sandbox.Server, *sandbox.Running) {
		server := sandbox.New(o)
		running, err := sandbox.Listen("127.0.0.1:0", server)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := running.Close(); err != nil {
				t.Error(err)
			}
			if err := server.Close(); err != nil {
				t.Error(err)
			}
		})
		return server, running
	}
	elsewhere, other := listen(sandbox.Options{})
	server, running := listen(sandbox.Options{State: crowd(600), Behaviour: sandbox.Behaviour{LinksHost: other.URL()}})
	w := connect(t, server, running.URL()+sandbox.BasePath, nil, UserOptions{Campaign: 1})
	if err := w.users.Prepare(600, w.try); err != nil {
		t.Fatal(err)
	}
	if reads, _ := w.calls(); reads != 3 || w.users.present.len() != 601 {
		t.Errorf("%d users in %d reads, want 601 in 3", w.users.present.len(), reads)
	}
	if n := elsewhere.Counts().Requests; n != 0 {
		t.Errorf("the host of the links was asked %d times", n)
	}
}

// scripted answers each call with the next text.
type scripted []string

func (s *scripted) RoundTrip(*http.Request) (*http.Response, error) {
	body := `{"data": []}`
	if len(*s) > 0 {
		body, *s = (*s)[0], (*s)[1:]
	}
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
}

// Servers that say little of their pages, or too much, are read to the end and
// no further.
func TestPagesAreReadToTheEnd(t *testing.T) {
	page := func(tail string, ids ...int) string {
		var users []string
		for _, id := range ids {
			users = append(users, fmt.Sprintf(`{"id": %d}`, id))
		}
		return `{"data": [` + strings.Join(users, ",") + `]` + tail + `}`
	}
	const next = `, "links": {"next": "https://x.example.com/?page=9"}`
	for _, test := range []struct {
		name         string
		pages        []string
		given, calls int
		steady       bool
	}{
		{"counted", []string{page(`, "meta": {"last_page": 2, "total": 3}`, 1, 2), page(`, "meta": {"last_page": 2, "total": 3}`, 3)}, 3, 2, true},
		{"counted in strings", []string{page(`, "meta": {"last_page": "2", "total": "3"}`, 1, 2), page(`, "meta": {"last_page": "2", "total": "3"}`, 3)}, 3, 2, true},
		{"linked alone", []string{page(next, 1, 2), page(`, "links": {"next": ""}`, 3)}, 3, 2, true},
		{"nothing said", []string{page("", 1, 2), page("", 3)}, 3, 3, true},
		{"a link that never ends", []string{page(next, 1, 2), page(next, 1, 2)}, 2, 2, true},
		{"an empty account", []string{page(`, "meta": {"last_page": 1, "total": 0}`)}, 0, 1, true},
		{"a user without an id", slices.Repeat([]string{page(`, "meta": {"last_page": 1, "total": 2}`, 1, 0)}, 3), 1, 3, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			script := scripted(append([]string{`{"data": []}`}, test.pages...))
			w := connect(t, sandbox.New(sandbox.Options{}), BaseURL, &script, UserOptions{})
			l := w.client.AllUsers(w.try)
			given := 0
			for {
				users, err := l.Next()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				given += len(users)
			}
			if given != test.given || l.Calls() != test.calls || l.Steady() != test.steady {
				t.Errorf("%d users in %d calls, steady %v; want %d in %d, %v", given, l.Calls(), l.Steady(), test.given, test.calls, test.steady)
			}
		})
	}
}

// A search that does not honour its filter could make everybody seem absent.
func TestASearchThatIgnoresItsFilterIsNotBelieved(t *testing.T) {
	script := scripted{`{"data": []}`, `{"data": [{"id": 1, "campaign_id": 1, "email": "a@example.com"}], "meta": {"last_page": 9, "total": 200}}`,
		`{"data": [{"id": 1, "campaign_id": 2, "email": "b@example.com"}]}`, `{"data": [{"id": 1, "campaign_id": 1, "email": "B@example.com"}], "links": {"next": "x"}}`}
	w := connect(t, sandbox.New(sandbox.Options{}), BaseURL, &script, UserOptions{})
	if found, err := w.client.FindUsers(t.Context(), "b@example.com", 1); api.VerdictOf(err) != api.Stop || !strings.Contains(err.Error(), "--lookup list") {
		t.Errorf("FindUsers among everybody = %v, %v; want an error that stops the run", found, err)
	}
	if found, err := w.client.FindUsers(t.Context(), "b@example.com", 1); err != nil || len(found) != 0 {
		t.Errorf("FindUsers in another campaign = %v, %v; want nobody", found, err)
	}
	if found, err := w.client.FindUsers(t.Context(), "b@example.com", 1); err != nil || len(found) != 1 {
		t.Errorf("FindUsers in another case = %v, %v; want one", found, err)
	}
}

// An answer without a user leaves a write open, and a read to be tried again.
func TestAnAnswerWithoutAUserIsNoUser(t *testing.T) {
	for _, body := range []string{`{}`, `{"data": null}`, `{"data": {}}`, `{"data": {"id": 0}}`, `[]`, `"ok"`} {
		script := scripted{`{"data": []}`, body, body}
		w := connect(t, sandbox.New(sandbox.Options{}), BaseURL, &script, UserOptions{})
		if u, _, err := w.client.CreateUser(t.Context(), NewUser{}); api.VerdictOf(err) != api.Unknown {
			t.Errorf("%s to a create: %v, %v; want unknown", body, u, err)
		}
		if u, _, err := w.client.GetUser(t.Context(), "1"); api.VerdictOf(err) != api.Again {
			t.Errorf("%s to a look: %v, %v; want again", body, u, err)
		}
	}
}

func TestErrorsAreReadInEveryFormTheyHaveBeenSeenIn(t *testing.T) {
	for body, want := range map[string]struct {
		message string
		fields  []string
	}{
		`{"code": 422, "message": "did not validate", "errors": {"email": [{"field": "email", "message": "must be filled in"}]}}`: {
			"did not validate: email must be filled in", []string{"email"}},
		`{"message": "no", "errors": {"b": ["x", "y"], "a": "z"}}`:      {"no: a z; b x; b y", []string{"a", "b"}},
		`{"errors": {"email": [{"message": "taken"}]}}`:                 {"email taken", []string{"email"}},
		`{"errors": {"email": {"field": "email", "message": "taken"}}}`: {"email taken", []string{"email"}},
		`{"message": "alone"}`:                                 {"alone", nil},
		`{"message": "m", "errors": []}`:                       {"m", nil},
		`{"message": ["odd"], "errors": {"email": [null, 3]}}`: {"email 3", []string{"email"}},
		`<html>`: {"", nil},
		``:       {"", nil},
	} {
		message, fields := explain([]byte(body))
		if message != want.message || !slices.Equal(fields, want.fields) {
			t.Errorf("explain(%s) = %q, %v; want %q, %v", body, message, fields, want.message, want.fields)
		}
	}
	if message, _ := explain([]byte(`{"message": "` + strings.Repeat("é\\n", 5000) + `"}`)); len(message) > 410 || strings.Contains(message, "\n") {
		t.Errorf("a message of 10,000 characters is told in %d bytes", len(message))
	}
}
