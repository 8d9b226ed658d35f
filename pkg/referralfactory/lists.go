package referralfactory

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/refbulk/refbulk/pkg/api"
)

// Page is one page of a list.
type Page[T any] struct {
	Data  []T
	More  bool // there is a page after this one
	Total int  // in the whole list, 0 when the API does not say
}

// paging is what an answer says of the pages around it.
type paging struct {
	Links struct {
		Next *string `json:"next"`
	} `json:"links"`
	Meta struct {
		LastPage number `json:"last_page"`
		Total    number `json:"total"`
	} `json:"meta"`
}

// more reports whether there is a page after number n, which held so many.
// The address of the next page is never followed, only noticed: it may lead
// to another host, where the token must not go. An answer that says nothing of
// pages may be followed by more as long as there is something on it.
func (p paging) more(n, held int) bool {
	switch {
	case held == 0:
		return false
	case p.Links.Next != nil && *p.Links.Next != "", int(p.Meta.LastPage) > n:
		return true
	}
	return p.Meta.LastPage == 0 && p.Meta.Total == 0 && p.Links.Next == nil
}

// ListUsers reads page number n, counted from 1, of all users of the account.
// A filter by campaign was ignored by v1 and is not asked for.
func (c *Client) ListUsers(ctx context.Context, n int) (Page[User], error) {
	return list[User](ctx, c, "/users", n)
}

// ListCampaigns reads page number n, counted from 1, of all campaigns.
func (c *Client) ListCampaigns(ctx context.Context, n int) (Page[Campaign], error) {
	return list[Campaign](ctx, c, "/campaigns", n)
}

func list[T any](ctx context.Context, c *Client, path string, n int) (Page[T], error) {
	return listWith[T](ctx, c, path, "", n)
}

// listWith asks for more in every object of the list, such as
// "user.analytics".
func listWith[T any](ctx context.Context, c *Client, path, with string, n int) (Page[T], error) {
	var answer struct {
		Data []T `json:"data"`
		paging
	}
	query := url.Values{"page": {strconv.Itoa(n)}, "per_page": {strconv.Itoa(PageSize)}}
	if with != "" {
		query.Set("with", with)
	}
	_, err := c.api.Do(ctx, api.Request{Method: http.MethodGet, Path: path, Query: query, Reads: true}, &answer)
	if err != nil {
		return Page[T]{}, fmt.Errorf("reading page %d of %s: %w", n, path, err)
	}
	return Page[T]{
		Data:  answer.Data,
		More:  answer.more(n, len(answer.Data)),
		Total: max(0, int(answer.Meta.Total)),
	}, nil
}

// filter is a condition of a search, as a working client writes it.
type filter struct {
	Field    string `json:"field"`
	Operator string `json:"operator"`
	Value    any    `json:"value"`
}

// FindUsers searches one campaign for an e-mail: nobody, one user, or two when
// the person both refers and was invited. What the API makes of the filter is
// checked: a user with another e-mail or of another campaign is left out, and
// where those keep the person from being seen at all it is an error.
func (c *Client) FindUsers(ctx context.Context, email string, campaign int64) ([]User, error) {
	var body struct {
		Filters struct {
			Operator string   `json:"operator"`
			Value    []filter `json:"value"`
		} `json:"filters"`
	}
	body.Filters.Operator = "AND"
	body.Filters.Value = []filter{{"email", "=", email}, {"campaign_id", "=", campaign}}
	var answer struct {
		Data []User `json:"data"`
		paging
	}
	status, err := c.api.Do(ctx, api.Request{Method: http.MethodPost, Path: "/users/search", Body: body, Reads: true}, &answer)
	if err != nil {
		return nil, err
	}
	said := answer.paging != paging{}
	goesOn := said && answer.more(1, len(answer.Data))
	found := slices.DeleteFunc(answer.Data, func(u User) bool { return u.ID == 0 || !u.is(email, campaign) })
	if len(found) == 0 && goesOn {
		return nil, &api.Error{Verdict: api.Stop, Status: status,
			Message: "the API's search does not keep to the e-mail address that it was given, so nobody can be looked up one by one; use --lookup list"}
	}
	return found, nil
}
