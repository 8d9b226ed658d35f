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

// Somebody in between has got out of step, and gives a call the answer to
// another. Nobody knows what became of the call itself. That an answer is written
// otherwise than the call, or says little, proves nothing of the kind: a create
// that was applied would be sent again.
func TestAnAnswerToAnotherCallIsNoAnswer(t *testing.T) {
	create := func(c *Client) error {
		_, _, err := c.CreateUser(context.Background(), NewUser{CampaignID: 1, FirstName: "Ann", Email: "ann.lee@googlemail.com"})
		return err
	}
	update := func(c *Client) error { _, _, err := c.UpdateUser(context.Background(), 7, Changes{}); return err }
	get := func(id string) func(*Client) error {
		return func(c *Client) error { _, _, err := c.GetUser(context.Background(), id); return err }
	}
	for _, tt := range []struct {
		name, answer string
		call         func(*Client) error
		want         api.Verdict
		status       int // that the error knows
	}{
		{"create, of another row", `{"data":{"id":1,"email":"Ben@example.com","campaign_id":1}}`, create, api.Unknown, 0},
		{"create, another campaign than that of the row", `{"data":{"id":1,"email":"ben@example.com","campaign_id":2}}`, create, 0, 0},
		{"create, in the server's spelling", `{"data":{"id":1,"email":"annlee@gmail.com","campaign_id":1}}`, create, 0, 0},
		{"create, masked", `{"data":{"id":1,"email":"a***@example.com"}}`, create, 0, 0},
		{"create, an id alone", `{"data":{"id":1}}`, create, 0, 0},
		{"create, nobody", `{}`, create, api.Unknown, 200},
		{"update, of another", `{"data":{"id":8,"email":"ann@example.com"}}`, update, api.Unknown, 0},
		{"update, nobody", `{}`, update, api.Unknown, 200},
		{"get by id, another", `{"data":{"id":8,"code":"c8"}}`, get("7"), api.Again, 0},
		{"get by code", `{"data":{"id":8,"code":"C8"}}`, get("c8"), 0, 0},
		{"get by code, without one", `{"data":{"id":8}}`, get("c8"), 0, 0},
	} {
		said := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, tt.answer) }))
		gate := pace.New(pace.Options{})
		c, err := NewClient(api.Config{BaseURL: said.URL, Token: "secret", Gate: gate})
		if err != nil {
			t.Fatal(err)
		}
		c.created.Note(inCampaign("ben@example.com", 1)) // another row
		if err := tt.call(c); api.VerdictOf(err) != tt.want || (err == nil) != (tt.want == 0) || api.StatusOf(err) != tt.status {
			t.Errorf("%s, answered %s = %v with verdict %v, want %v", tt.name, tt.answer, err, api.VerdictOf(err), tt.want)
		}
		c.Close()
		said.Close()
		_ = gate.Close()
	}
}
