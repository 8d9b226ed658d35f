package recomly_test

import (
	"context"
	"testing"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/recomly"
)

// Somebody in between has got out of step. Nobody knows then what became of the
// call itself.
func TestAnAnswerAboutSomebodyElseIsNoAnswer(t *testing.T) {
	ann := recomly.NewAdvocate{Name: "Ann", Email: "ann.lee+vip@example.com"}
	for _, tt := range []struct {
		name, answer string
		call         func(*recomly.Client) error
		want         api.Verdict
	}{
		{"invite", `{"advocate":{"advocateId":"a","email":"ben@example.com"}}`, invite(ann), api.Unknown},
		{"invite, the address written otherwise", `{"advocate":{"advocateId":"a","email":"AnnLee@example.com"}}`, invite(ann), 0},
		{"invite, the address masked", `{"advocate":{"advocateId":"a","email":"a***@example.com"}}`, invite(ann), 0},
		{"invite, no address", `{"advocate":{"advocateId":"a"}}`, invite(ann), 0},
		{"invite, nobody", `{}`, invite(ann), api.Unknown},
		{"update an advocate", `{"advocate":{"advocateId":"b"}}`, func(c *recomly.Client) error {
			_, _, err := c.UpdateAdvocate(t.Context(), "c", "a", recomly.AdvocateChanges{Preference: ptr("sms")})
			return err
		}, api.Unknown},
		{"update a campaign", `{"campaign":{"campaignId":"d"}}`, func(c *recomly.Client) error {
			_, _, err := c.UpdateCampaign(t.Context(), "c", recomly.CampaignChanges{Status: ptr("paused")})
			return err
		}, api.Unknown},
		{"create a campaign", `{"campaign":{"campaignId":"d","name":"Autumn"}}`, func(c *recomly.Client) error {
			_, _, err := c.CreateCampaign(t.Context(), recomly.CampaignChanges{Name: ptr("Spring")})
			return err
		}, api.Unknown},
	} {
		err := tt.call(newClient(t, &recorder{status: 200, answer: tt.answer}, "https://api.example.com/app/", nil))
		if api.VerdictOf(err) != tt.want || (err == nil) != (tt.want == 0) {
			t.Errorf("%s, answered %s = %v with verdict %v, want %v", tt.name, tt.answer, err, api.VerdictOf(err), tt.want)
		}
	}
}

func invite(who recomly.NewAdvocate) func(*recomly.Client) error {
	return func(c *recomly.Client) error {
		_, _, err := c.Invite(context.Background(), "c", who)
		return err
	}
}
