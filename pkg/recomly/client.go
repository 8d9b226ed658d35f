// Package recomly speaks Recomly's API and tells what a row of a spreadsheet
// can ask of its campaigns, advocates and referrals. Facts about the API come
// from the vendor's endpoint and product pages; where those are silent the
// package takes the choice that sends less: it judges by the state that a
// fresh read shows, never by the status of a refusal, and repeats no write
// that invites, credits or converts before it has looked.
//
// The token of an advocate's portal is masked before anything here sees it.
package recomly

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/refbulk/refbulk/pkg/api"
)

// BaseURL is the vendor's host, according to its "API Basics".
const BaseURL = "https://api.recomly.com"

// TokenVariable names the environment variable that holds the API key, written
// keyId:secret.
const TokenVariable = "RECOMLY_API_KEY"

// DefaultLimit is how many calls a minute are made unless told otherwise. The
// vendor's limit depends on the plan and is shown in its dashboard alone.
const DefaultLimit = 120

// DefaultPeak is how many calls a second are made then, even at the beginning:
// the vendor does not say what its limit is, nor over which time it counts.
const DefaultPeak = 2.0

// prefixes are the two generations of paths, the newer first.
var prefixes = [...]string{"/app", "/api/app"}

// Client makes the calls of Recomly, each once. It is safe for concurrent use.
// Every error of a call is one of package api's.
type Client struct {
	api *api.Client

	invited, created api.Recent

	// prefix is nil until a call has shown which of the two is served.
	prefix atomic.Pointer[string]
}

// NewClient takes a configuration without Explain and Mask, which it knows
// itself. A base URL that ends in one of the prefixes fixes it; otherwise the
// first ListCampaigns finds out.
func NewClient(config api.Config) (*Client, error) {
	c := &Client{}
	root := strings.TrimRight(config.BaseURL, "/")
	for _, prefix := range []string{"/api/app", "/app"} { // the longer first: it ends in the other
		if rest, ok := strings.CutSuffix(root, prefix); ok {
			c.prefix.Store(&prefix)
			root = rest
			break
		}
	}
	config.BaseURL = root
	config.Explain = explain
	config.Mask = masked
	var err error
	if c.api, err = api.New(config); err != nil {
		return nil, err
	}
	return c, nil
}

// Stats counts the calls made so far.
func (c *Client) Stats() api.Stats { return c.api.Stats() }

// Close gives up idle connections.
func (c *Client) Close() { c.api.Close() }

// Prefix is what stands before every path, "" while it is not known.
func (c *Client) Prefix() string {
	if p := c.prefix.Load(); p != nil {
		return *p
	}
	return ""
}

// explain reads the vendor's error envelope: one string, no code, no fields.
func explain(body []byte) (message string, fields []string) {
	var envelope struct {
		Error string `json:"error"`
	}
	_ = json.Unmarshal(body, &envelope) // what could be read of it will do
	return envelope.Error, nil
}

// do makes a call below the prefix.
func (c *Client) do(ctx context.Context, r api.Request, answer any) (int, error) {
	prefix := c.Prefix()
	if prefix == "" {
		prefix = prefixes[0]
	}
	r.Path = prefix + r.Path
	status, err := c.api.Do(ctx, r, answer)
	return status, forbidden(err)
}

// probe makes a read below one prefix after the other, until one is served,
// and stays with that. Both are documented, and nothing says when which.
func (c *Client) probe(ctx context.Context, r api.Request, answer any) error {
	if c.Prefix() != "" {
		_, err := c.do(ctx, r, answer)
		return err
	}
	path := r.Path
	var err error
	for _, prefix := range prefixes {
		r.Path = prefix + path
		if _, err = c.api.Do(ctx, r, answer); err == nil {
			c.prefix.Store(&prefix)
			return nil
		}
		if api.StatusOf(err) != http.StatusNotFound {
			return forbidden(err)
		}
	}
	var e *api.Error
	if errors.As(err, &e) {
		e.Message = fmt.Sprintf("the API is at neither %s nor %s of this host; is --base-url right? It answered: %s", prefixes[0], prefixes[1], e.Message)
	}
	return err
}

// forbidden tells what a 403 can mean: the vendor gives it three causes.
func forbidden(err error) error {
	var e *api.Error
	if errors.As(err, &e) && e.Status == http.StatusForbidden {
		e.Message += "; Recomly refuses so when the plan has no API access, when the plan lacks the feature, " +
			"or when the key's owner may not do this: use the key of an Admin, and see what the account may do (GET " + prefixes[0] + "/account)"
	}
	return err
}

func campaignPath(campaign string) string { return "/campaigns/" + url.PathEscape(campaign) }

func advocatePath(campaign, advocate string) string {
	return campaignPath(campaign) + "/advocates/" + url.PathEscape(advocate)
}

// one decodes an answer with one object under a name. The shapes of some
// answers are not documented, so the bare object is understood as well.
type one[T any] struct {
	name  string
	found *T
}

// UnmarshalJSON reads the object, with or without its envelope.
func (o *one[T]) UnmarshalJSON(data []byte) error {
	var envelope map[string]json.RawMessage
	if err := json.Unmarshal(data, &envelope); err != nil {
		return err
	}
	if inner, ok := envelope[o.name]; ok {
		data = inner
	}
	return json.Unmarshal(data, &o.found)
}

// object makes a call that answers with one object, which has to have an id: the
// object that it is about.
func object[T any](ctx context.Context, c *Client, r api.Request, name string, id func(*T) string, about func(*T) bool) (*T, int, error) {
	answer := one[T]{name: name}
	isNone := func() bool { return answer.found == nil || id(answer.found) == "" }
	r.Fits = func() bool { return isNone() || about(answer.found) }
	status, err := c.do(ctx, r, &answer)
	if err == nil && isNone() {
		e := &api.Error{Verdict: api.Unknown, Status: status, Message: "the answer holds no " + name}
		if r.Reads {
			e.Verdict = api.Again
		}
		return nil, status, e
	}
	return answer.found, status, err
}
