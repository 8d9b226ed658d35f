package recomly_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/recomly"
	"github.com/refbulk/refbulk/pkg/sandbox"
)

// recorder answers every call alike and keeps what was asked.
type recorder struct {
	asked, header []string
	status        int
	answer        string
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	r.asked = append(r.asked, strings.TrimSpace(req.Method+" "+req.URL.RequestURI()+" "+string(body)))
	r.header = append(r.header, req.Header.Get("Authorization")+" "+req.Header.Get("Content-Type"))
	return &http.Response{StatusCode: r.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(r.answer)), Request: req}, nil
}

func ptr[T any](v T) *T { return &v }

// documented are calls with an answer to each, and what has to be asked.
var documented = []struct {
	name, answer, want string
	call               func(*recomly.Client) error
}{
	{"create a campaign", `{"campaign":{"campaignId":"c"}}`,
		`POST /app/campaigns {"name":"Gutter club","rewardMode":"fixed","advocateRewardValue":2500,"friendRewardValue":0,"maxReferralsPerAdvocate":20}`,
		func(c *recomly.Client) error {
			_, _, err := c.CreateCampaign(context.Background(), recomly.CampaignChanges{Name: ptr("Gutter club"), RewardMode: ptr("fixed"),
				AdvocateReward: ptr[int64](2500), FriendReward: ptr[int64](0), MaxReferrals: ptr[int64](20)})
			return err
		}},
	{"take an expiry away", `{"campaign":{"campaignId":"a/b"}}`, `PATCH /app/campaigns/a%2Fb {"status":"paused","expiresAt":null}`,
		func(c *recomly.Client) error {
			_, _, err := c.UpdateCampaign(context.Background(), "a/b", recomly.CampaignChanges{Status: ptr("paused"), ExpiresAt: new(*string)})
			return err
		}},
	{"delete a campaign", ``, `DELETE /app/campaigns/c`, func(c *recomly.Client) error { _, err := c.DeleteCampaign(context.Background(), "c"); return err }},
	{"invite", `{"advocate":{"advocateId":"a"}}`, `POST /app/campaigns/c/invite {"name":"Ida","phone":"+13125550142"}`,
		func(c *recomly.Client) error {
			_, _, err := c.Invite(context.Background(), "c", recomly.NewAdvocate{Name: "Ida", Phone: "+13125550142"})
			return err
		}},
	{"update an advocate", `{"advocateId":"a"}`, `PATCH /app/campaigns/c/advocates/a {"notificationPreference":"sms"}`,
		func(c *recomly.Client) error {
			_, _, err := c.UpdateAdvocate(context.Background(), "c", "a", recomly.AdvocateChanges{Preference: ptr("sms")})
			return err
		}},
	{"credit", `{"newBalanceCents":0}`, `POST /app/campaigns/c/advocates/a/credit {"delta":-500,"note":"May"}`,
		func(c *recomly.Client) error {
			_, _, err := c.Credit(context.Background(), "c", "a", -500, "May")
			return err
		}},
	{"convert in a percent campaign", `{"ok":true}`, `POST /app/campaigns/c/referrals/r/convert {"jobValueCents":82000}`,
		func(c *recomly.Client) error {
			_, _, err := c.Convert(context.Background(), "c", "r", 82000)
			return err
		}},
	{"convert in a fixed campaign", `{"ok":true}`, `POST /app/campaigns/c/referrals/r/convert {}`,
		func(c *recomly.Client) error { _, _, err := c.Convert(context.Background(), "c", "r", 0); return err }},
	{"list advocates", `{"advocates":[]}`, `GET /app/campaigns/c/advocates?nextToken=a%2Bb`,
		func(c *recomly.Client) error {
			_, err := c.ListAdvocates(context.Background(), "c", "a+b", func(*recomly.Advocate) {})
			return err
		}},
	{"list referrals", `{"referrals":[]}`, `GET /app/campaigns/c/referrals`,
		func(c *recomly.Client) error {
			_, err := c.ListReferrals(context.Background(), "c", "", func(*recomly.Referral) {})
			return err
		}},
	{"list the activity", `{"activity":[]}`, `GET /app/campaigns/c/advocates/a/activity?limit=200`,
		func(c *recomly.Client) error {
			_, err := c.ListActivity(context.Background(), "c", "a", "", func(*recomly.Activity) {})
			return err
		}},
	{"read the account", `{"org":{"orgId":"o"}}`, `GET /app/account`, func(c *recomly.Client) error { _, err := c.GetAccount(context.Background()); return err }},
}

func TestCallsAreWhatTheVendorDocuments(t *testing.T) {
	for _, tt := range documented {
		t.Run(tt.name, func(t *testing.T) {
			r := &recorder{status: 200, answer: tt.answer}
			if err := tt.call(newClient(t, r, "https://api.example.com/app/", nil)); err != nil {
				t.Fatal(err)
			}
			if len(r.asked) != 1 || r.asked[0] != tt.want {
				t.Errorf("asked %q, want %q", r.asked, tt.want)
			}
			if want := "Bearer " + apiKey + " application/json"; r.header[0] != want {
				t.Errorf("headers %q, want %q", r.header[0], want)
			}
		})
	}
}

func TestThePrefixIsProbedOnce(t *testing.T) {
	for _, tt := range []struct{ only, base, prefix string }{
		{"", "", "/app"}, {"/app", "", "/app"}, {"/api/app", "", "/api/app"},
		{"", "/app", "/app"}, {"", "/api/app/", "/api/app"},
	} {
		server := sandbox.New(sandbox.Options{Behaviour: sandbox.Behaviour{Recomly: sandbox.RecomlyBehaviour{OnlyPrefix: tt.only}}})
		c := newClient(t, server.Transport(), "https://api.example.com"+tt.base, nil)
		for range 3 {
			if _, err := c.ListCampaigns(context.Background(), "", func(*recomly.Campaign) {}); err != nil {
				t.Fatal(err)
			}
		}
		wasted := 0
		if tt.prefix != "/app" && tt.base == "" {
			wasted = 1
		}
		if n := server.Counts(); c.Prefix() != tt.prefix || n.ByRoute["GET /campaigns"] != 3 || n.Requests != 3+wasted {
			t.Errorf("%+v: prefix %q after %d calls: %v", tt, c.Prefix(), n.Requests, n.ByRoute)
		}
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestAHostWithoutTheAPIIsNamed(t *testing.T) {
	r := &recorder{status: 404, answer: `{"error":"not found"}`}
	c := newClient(t, r, "https://www.example.com", nil)
	_, err := c.ListCampaigns(context.Background(), "", func(*recomly.Campaign) {})
	if err == nil || !strings.Contains(err.Error(), "--base-url") || len(r.asked) != 2 || c.Prefix() != "" {
		t.Errorf("err = %v after %q, want both prefixes tried and --base-url named", err, r.asked)
	}
}

func TestAnswersWithoutWhatWasAskedAreNoAnswers(t *testing.T) {
	ctx := context.Background()
	none := func(*recomly.Advocate) { t.Error("an advocate came of nothing") }
	for _, answer := range []string{`{}`, `[]x`, `{"advocates":{}}`, `{"advocates":[{}]}`, `"advocates"`, `{"error":"none"}`, ``, `null`} {
		c := newClient(t, &recorder{status: 200, answer: answer}, "https://api.example.com/app", nil)
		if _, err := c.ListAdvocates(ctx, "c", "", none); api.VerdictOf(err) != api.Again {
			t.Errorf("list %q: err = %v, want to try again", answer, err)
		}
		if _, _, err := c.Invite(ctx, "c", recomly.NewAdvocate{Name: "A"}); api.VerdictOf(err) != api.Unknown {
			t.Errorf("invite %q: err = %v, want unknown", answer, err)
		}
		if _, _, err := c.Credit(ctx, "c", "a", 1, ""); api.VerdictOf(err) != api.Unknown {
			t.Errorf("credit %q: err = %v, want unknown", answer, err)
		}
	}
}

func TestThePortalTokenIsInNoError(t *testing.T) {
	const secret = "5be0aa11"
	for _, status := range []int{200, 400, 409, 500} {
		for _, answer := range []string{
			`{"advocate":{"portalToken":"` + secret + `"`, `{"portalToken" : "` + secret, `<html>"portalToken":"` + secret + `"</html>`,
			`{"advocate":{"advocateId":7,"portalToken":"` + secret + `"}}`,
		} {
			_, _, err := newClient(t, &recorder{status: status, answer: answer}, "https://api.example.com/app", nil).Invite(context.Background(), "c", recomly.NewAdvocate{})
			if err == nil || strings.Contains(err.Error(), secret) {
				t.Errorf("%d %s: err = %v, want an error without the token", status, answer, err)
			}
		}
	}
}

func TestAListThatNeverEndsIsLeft(t *testing.T) {
	r := newRig(t, sandbox.Options{})
	r.wrap = func(http.RoundTripper) http.RoundTripper {
		return &recorder{status: 200, answer: `{"campaigns":[],"nextToken":"again"}`}
	}
	if _, err := r.run("campaigns", recomly.Options{}, vendorsSample); err == nil || !strings.Contains(err.Error(), "for ever") {
		t.Errorf("err = %v, want the list to be left", err)
	}
}

// The API client's own transport is what keeps a write from arriving late or
// twice, and it knows which calls had no connection to leave on.
func TestACallThatHadNoConnectionIsNotInDoubt(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var served sync.WaitGroup
	served.Go(func() {
		for conn, err := listener.Accept(); err == nil; conn, err = listener.Accept() {
			_ = conn.Close() // before the handshake
		}
	})
	defer served.Wait()
	defer listener.Close()
	c := newClient(t, nil, "https://"+listener.Addr().String()+"/app", nil)
	if _, _, err := c.Credit(t.Context(), "c", "a", 1, ""); api.VerdictOf(err) != api.Again {
		t.Errorf("Credit(without a connection) = %v with verdict %v, want %v", err, api.VerdictOf(err), api.Again)
	}
}
