package referralfactory

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/pace"
)

// Somebody in between has got out of step. What is there is not judged by it,
// and nobody knows what became of the call itself.
func TestAnAnswerAboutSomebodyElseIsNoAnswer(t *testing.T) {
	create := func(c *Client) error {
		_, _, err := c.CreateUser(context.Background(), NewUser{CampaignID: 1, FirstName: "Ann", Email: "ann.lee@example.com"})
		return err
	}
	search := func(c *Client) error { _, err := c.FindUsers(context.Background(), "ann@example.com", 1); return err }
	users := func(c *Client) error { _, err := c.ListUsers(context.Background(), 2); return err }
	get := func(id string) func(*Client) error {
		return func(c *Client) error { _, _, err := c.GetUser(context.Background(), id); return err }
	}
	for _, tt := range []struct {
		name, answer string
		call         func(*Client) error
		want         api.Verdict
	}{
		{"create", `{"data":{"id":1,"email":"ben@example.com","campaign_id":1}}`, create, api.Unknown},
		{"create, another campaign", `{"data":{"id":1,"email":"ann.lee@example.com","campaign_id":2}}`, create, api.Unknown},
		{"create, written otherwise", `{"data":{"id":1,"email":"AnnLee@Example.com","campaign_id":"1"}}`, create, 0},
		{"create, masked", `{"data":{"id":1,"email":"a***@example.com"}}`, create, 0},
		{"create, nobody", `{}`, create, api.Unknown},
		{"update", `{"data":{"id":8,"email":"ann@example.com"}}`, func(c *Client) error { _, _, err := c.UpdateUser(context.Background(), 7, Changes{}); return err }, api.Unknown},
		{"get by id", `{"data":{"id":8,"code":"c8"}}`, get("7"), api.Again},
		{"get by code", `{"data":{"id":8,"code":"C8"}}`, get("c8"), 0},
		{"search", `{"data":[{"id":1,"email":"ben@example.com","campaign_id":1}]}`, search, api.Again},
		{"search, nobody", `{"data":[]}`, search, 0},
		{"search among everybody of a small account", `{"data":[{"id":1,"email":"b@example.com"},{"id":2,"email":"c@example.com"},{"id":3,"email":"d@example.com"}]}`, search, 0},
		{"list users, campaigns", `{"data":[{"id":1,"name":"Example","fields":[]}],"meta":{"current_page":2}}`, users, api.Again},
		{"list users, another page", `{"data":[{"id":1,"email":"ann@example.com"}],"meta":{"current_page":1}}`, users, api.Again},
		{"list users, the last page of fewer", `{"data":[{"id":1,"email":"ann@example.com"}],"meta":{"current_page":1,"last_page":1}}`, users, 0},
		{"list users", `{"data":[{"id":1,"email":"ann@example.com"}],"meta":{"current_page":2}}`, users, 0},
		{"list campaigns, users", `{"data":[{"id":1,"email":"ann@example.com","first_name":"Ann"}]}`, func(c *Client) error { _, err := c.ListCampaigns(context.Background(), 1); return err }, api.Again},
	} {
		said := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, tt.answer) }))
		gate := pace.New(pace.Options{})
		c, err := NewClient(api.Config{BaseURL: said.URL, Token: "secret", Gate: gate})
		if err != nil {
			t.Fatal(err)
		}
		if err := tt.call(c); api.VerdictOf(err) != tt.want || (err == nil) != (tt.want == 0) {
			t.Errorf("%s, answered %s = %v with verdict %v, want %v", tt.name, tt.answer, err, api.VerdictOf(err), tt.want)
		}
		c.Close()
		said.Close()
		_ = gate.Close()
	}
}
