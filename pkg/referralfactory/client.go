// Package referralfactory speaks Referral Factory's API v2 and tells what a
// row of a spreadsheet can ask of it. Facts about the API come from the
// vendor's developer reference and help pages; where those are silent the
// package takes the choice that sends less and never repeats a write blindly.
// When to try again, and what of a row is on disk, is not known here.
package referralfactory

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/fields"
)

// BaseURL is the root of the API according to the vendor's OpenAPI document.
const BaseURL = "https://api.referral-factory.com/api/v2"

// TokenVariable names the environment variable that holds the API token.
const TokenVariable = "REFERRAL_FACTORY_TOKEN"

// PageSize is the most people the API puts on one page, which is its
// documented maximum; without asking it would be 25.
const PageSize = 250

// The two roles of a person in a campaign.
const (
	Referring = "person_referring"
	Invited   = "person_invited"
)

// Client makes the calls of Referral Factory, each once. It is safe for
// concurrent use. Every error is one of package api's.
type Client struct {
	api     *api.Client
	created api.Recent
}

// NewClient takes a configuration without Explain, which it knows itself.
func NewClient(config api.Config) (*Client, error) {
	config.Explain = explain
	c, err := api.New(config)
	if err != nil {
		return nil, err
	}
	return &Client{api: c}, nil
}

// Stats counts the calls made so far.
func (c *Client) Stats() api.Stats { return c.api.Stats() }

// Close gives up idle connections.
func (c *Client) Close() { c.api.Close() }

// NewUser is what POST /users takes.
type NewUser struct {
	CampaignID int64        `json:"campaign_id"`
	FirstName  string       `json:"first_name"`
	Email      string       `json:"email"`
	Notify     bool         `json:"notify"` // the vendor does not say what it takes for granted: always sent
	Referrer   *ReferrerRef `json:"referrer,omitempty"`
	Meta       []MetaValue  `json:"meta,omitempty"`
	Promotion  bool         `json:"promotion,omitempty"`
}

// ReferrerRef names the user who referred a new one, by "id", "code" or
// "email".
type ReferrerRef struct {
	Field string `json:"field"`
	Value string `json:"value"`
}

// CreateUser adds a user. The API has been seen to answer with the user that
// is there already when the campaign has one with this e-mail; it may as well
// refuse.
func (c *Client) CreateUser(ctx context.Context, u NewUser) (*User, int, error) {
	whom := inCampaign(u.Email, u.CampaignID)
	c.created.Note(whom)
	return c.user(ctx, api.Request{Method: http.MethodPost, Path: "/users", Body: u}, func(got *wireUser) bool {
		return !c.created.IsAnothers(inCampaign(string(got.Email), int64(got.CampaignID)), whom)
	})
}

// Changes is what PUT /users/{id} can change; nil and empty leave a value as
// it is. The vendor does not say whether Meta replaces all campaign fields or
// those it names.
type Changes struct {
	FirstName *string     `json:"first_name,omitempty"`
	Email     *string     `json:"email,omitempty"`
	Meta      []MetaValue `json:"meta,omitempty"`
}

// UpdateUser changes a user. The API takes the id alone here.
func (c *Client) UpdateUser(ctx context.Context, id int64, changes Changes) (*User, int, error) {
	return c.user(ctx, api.Request{Method: http.MethodPut, Path: "/users/" + strconv.FormatInt(id, 10), Body: changes}, func(got *wireUser) bool {
		return int64(got.id()) == id
	})
}

// DeleteUser removes a user for good. What the API answers is not documented.
func (c *Client) DeleteUser(ctx context.Context, id int64) (int, error) {
	return c.api.Do(ctx, api.Request{Method: http.MethodDelete, Path: "/users/" + strconv.FormatInt(id, 10)}, nil)
}

// Qualification names a user by id, by code, or by e-mail and campaign.
type Qualification struct {
	ID         int64  `json:"id,omitempty"`
	Code       string `json:"code,omitempty"`
	Email      string `json:"email,omitempty"`
	CampaignID int64  `json:"campaign_id,omitempty"`
	Qualified  bool   `json:"qualified"`
}

// SetQualification qualifies a lead, or puts it back to pending. The shape of
// a successful answer is not documented, so none is asked of it.
func (c *Client) SetQualification(ctx context.Context, q Qualification) (int, error) {
	return c.api.Do(ctx, api.Request{Method: http.MethodPut, Path: "/users/qualification", Body: q}, nil)
}

// GetUser reads one user by id or code.
func (c *Client) GetUser(ctx context.Context, identifier string) (*User, int, error) {
	return c.user(ctx, api.Request{Method: http.MethodGet, Path: "/users/" + url.PathEscape(identifier), Reads: true}, func(got *wireUser) bool {
		return strconv.FormatInt(int64(got.id()), 10) == identifier || got.Code == "" || strings.EqualFold(string(got.Code), identifier)
	})
}

// inCampaign names a person of a campaign.
func inCampaign(email string, campaign int64) string {
	return strconv.FormatInt(campaign, 10) + " " + fields.SameEmail(email)
}

// user makes a call that is answered with one user, the one it is about.
func (c *Client) user(ctx context.Context, r api.Request, about func(*wireUser) bool) (*User, int, error) {
	var answer struct {
		Data *wireUser `json:"data"`
	}
	r.Fits = func() bool { return answer.Data == nil || answer.Data.id() == 0 || about(answer.Data) }
	status, err := c.api.Do(ctx, r, &answer)
	if err != nil {
		return nil, status, err
	}
	if answer.Data == nil || answer.Data.id() == 0 {
		e := &api.Error{Verdict: api.Unknown, Status: status, Message: "the answer holds no user"}
		if r.Reads {
			e.Verdict = api.Again
		}
		return nil, status, e
	}
	return answer.Data.user(), status, nil
}
