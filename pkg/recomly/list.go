package recomly

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/refbulk/refbulk/pkg/api"
)

// Page is what an answer with a list says beside the list.
type Page struct {
	// Next asks for the page after this one; "" when there is none. Only the
	// activity is documented to come in pages; all lists are read as if they
	// might.
	Next string
	// OrgAdvocates is how many advocates the organisation has, in the newer
	// lists of advocates; 0 when the answer does not say.
	OrgAdvocates int64
}

// ListCampaigns reads a page of the campaigns, the first with token "". Deleted
// ones may be among them. Each is called as the answer is read; when there is
// an error, what it was given counts for nothing.
func (c *Client) ListCampaigns(ctx context.Context, token string, each func(*Campaign)) (Page, error) {
	answer := list[Campaign]{name: "campaigns", id: func(x *Campaign) string { return x.ID }, each: each}
	err := c.probe(ctx, listRequest("/campaigns", token, nil), &answer)
	return answer.page, err
}

// ListAdvocates reads a page of a campaign's advocates.
func (c *Client) ListAdvocates(ctx context.Context, campaign, token string, each func(*Advocate)) (Page, error) {
	answer := list[Advocate]{name: "advocates", id: func(x *Advocate) string { return x.ID }, each: each}
	_, err := c.do(ctx, listRequest(campaignPath(campaign)+"/advocates", token, nil), &answer)
	return answer.page, err
}

// ListReferrals reads a page of a campaign's referrals, expired ones included.
func (c *Client) ListReferrals(ctx context.Context, campaign, token string, each func(*Referral)) (Page, error) {
	answer := list[Referral]{name: "referrals", id: func(x *Referral) string { return x.ID }, each: each}
	_, err := c.do(ctx, listRequest(campaignPath(campaign)+"/referrals", token, nil), &answer)
	return answer.page, err
}

// activityPage is the most entries that the newer API puts on a page. The
// older one takes no number and gives oldActivity at most.
const (
	activityPage = 200
	oldActivity  = 100
)

// ListActivity reads a page of an advocate's ledger, newest first.
func (c *Client) ListActivity(ctx context.Context, campaign, advocate, token string, each func(*Activity)) (Page, error) {
	query := url.Values{"limit": {strconv.Itoa(activityPage)}}
	answer := list[Activity]{name: "activity", id: func(x *Activity) string { return x.ID }, each: each}
	_, err := c.do(ctx, listRequest(advocatePath(campaign, advocate)+"/activity", token, query), &answer)
	return answer.page, err
}

func listRequest(path, token string, query url.Values) api.Request {
	if query == nil {
		query = url.Values{}
	}
	if token != "" {
		query.Set("nextToken", token)
	}
	return api.Request{Method: http.MethodGet, Path: path, Query: query, Reads: true}
}

// pages reads a list to its end. A token that leads nowhere new ends in an
// error instead of reading for ever.
func pages(read func(token string) (Page, error)) (Page, error) {
	token := ""
	for {
		page, err := read(token)
		if err != nil || page.Next == "" {
			return page, err
		}
		if page.Next == token {
			return page, errors.New("reading a list: the API gives the same page for ever")
		}
		token = page.Next
	}
}

// list decodes {"name": [ … ], "nextToken": …} one item at a time, so that a
// list of many people is never held in whole.
type list[T any] struct {
	name string
	id   func(*T) string
	each func(*T)
	page Page
}

// UnmarshalJSON reads the list, in its envelope or bare. An answer without the
// list is an error: to take it for an empty one would invite everybody again.
func (l *list[T]) UnmarshalJSON(data []byte) error {
	l.page = Page{}
	d := json.NewDecoder(bytes.NewReader(data))
	start, err := d.Token()
	if err != nil {
		return err
	}
	if start == json.Delim('[') {
		return l.items(d)
	}
	if start != json.Delim('{') {
		return fmt.Errorf("there are no %s in the answer", l.name)
	}
	found := false
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		switch key {
		case l.name:
			found = true
			err = l.open(d)
		case "nextToken":
			var next *string
			if err = d.Decode(&next); err == nil && next != nil {
				l.page.Next = *next
			}
		case "orgAdvocateCount":
			var n Count
			err = d.Decode(&n)
			l.page.OrgAdvocates = int64(n)
		default:
			var passed json.RawMessage
			err = d.Decode(&passed)
		}
		if err != nil {
			return err
		}
	}
	if !found {
		return fmt.Errorf("there are no %s in the answer", l.name)
	}
	return nil
}

// open enters the list.
func (l *list[T]) open(d *json.Decoder) error {
	start, err := d.Token()
	if err == nil && start != json.Delim('[') {
		err = fmt.Errorf("%s is no list", l.name)
	}
	if err != nil {
		return err
	}
	return l.items(d)
}

func (l *list[T]) items(d *json.Decoder) error {
	for d.More() {
		var item T
		if err := d.Decode(&item); err != nil {
			return err
		}
		if l.id(&item) == "" {
			return fmt.Errorf("an item of %s has no id", l.name)
		}
		l.each(&item)
	}
	_, err := d.Token() // the closing bracket
	return err
}
