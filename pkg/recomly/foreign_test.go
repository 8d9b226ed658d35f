package recomly_test

import (
	"context"
	"testing"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/recomly"
)

// Somebody in between has got out of step, and gives a call the answer to
// another. That an answer is written otherwise than the call proves nothing of
// the kind: an invitation that was sent would be sent again.
func TestAnAnswerToAnotherCallIsNoAnswer(t *testing.T) {
	ann, ben := recomly.NewAdvocate{Name: "Ann", Email: "ann.lee@googlemail.com"}, recomly.NewAdvocate{Name: "Ben", Email: "ben@example.com"}
	campaign := func(name string) func(*recomly.Client) error {
		return func(c *recomly.Client) error {
			_, _, err := c.CreateCampaign(context.Background(), recomly.CampaignChanges{Name: &name})
			return err
		}
	}
	for _, tt := range []struct {
		name, answer string
		before, call func(*recomly.Client) error
		want         api.Verdict
	}{
		{"invite, of another row", `{"advocate":{"advocateId":"b","email":"Ben@example.com"}}`, invite(ben), invite(ann), api.Unknown},
		{"invite, in the server's spelling", `{"advocate":{"advocateId":"a","email":"annlee@gmail.com"}}`, invite(ben), invite(ann), 0},
		{"invite, no address", `{"advocate":{"advocateId":"a"}}`, invite(ben), invite(ann), 0},
		{"invite, nobody", `{}`, invite(ben), invite(ann), api.Unknown},
		{"update an advocate", `{"advocate":{"advocateId":"b"}}`, invite(ben), func(c *recomly.Client) error {
			_, _, err := c.UpdateAdvocate(context.Background(), "c", "a", recomly.AdvocateChanges{Preference: ptr("sms")})
			return err
		}, api.Unknown},
		{"update a campaign", `{"campaign":{"campaignId":"d"}}`, campaign("Spring"), func(c *recomly.Client) error {
			_, _, err := c.UpdateCampaign(context.Background(), "c", recomly.CampaignChanges{Status: ptr("paused")})
			return err
		}, api.Unknown},
		{"create a campaign, another row's", `{"campaign":{"campaignId":"d","name":"Autumn"}}`, campaign("Autumn"), campaign("Spring"), api.Unknown},
		{"create a campaign, in the server's spelling", `{"campaign":{"campaignId":"d","name":"Roofs &amp; gutters"}}`, campaign("Autumn"), campaign("Roofs & gutters"), 0},
	} {
		c := newClient(t, &recorder{status: 200, answer: tt.answer}, "https://api.example.com/app/", nil)
		_ = tt.before(c)
		if err := tt.call(c); api.VerdictOf(err) != tt.want || (err == nil) != (tt.want == 0) {
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
