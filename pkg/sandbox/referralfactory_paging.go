package sandbox

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// What the vendor documents of pages.
const (
	defaultPerPage = 25
	maxPerPage     = 250
)

// page is which part of a list a call wants. size 0 is all of it.
type page struct {
	number, size int
}

// readPage takes page and per_page from values. What is no number from 1 is
// passed over.
func (f *referralFactory) readPage(values url.Values) (page, *answer) {
	p := page{
		number: cmp.Or(positive(values.Get("page")), 1),
		size:   cmp.Or(positive(values.Get("per_page")), defaultPerPage),
	}
	if p.size > maxPerPage {
		if f.behaviour.RefuseLargePages {
			refusal := f.invalid(problemWith("per_page", "must not be greater than 250"))
			return p, &refusal
		}
		p.size = maxPerPage
	}
	return p, nil
}

func positive(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// pick is the part of ids that is on the page, in the order it is shown.
func (p page) pick(ids []int64, newestFirst bool) []int64 {
	from, to := 0, len(ids)
	if p.size > 0 {
		from = min(len(ids), (p.number-1)*p.size)
		to = min(len(ids), from+p.size)
	}
	if !newestFirst {
		return ids[from:to]
	}
	out := slices.Clone(ids[len(ids)-to : len(ids)-from])
	slices.Reverse(out)
	return out
}

type pageLinks struct {
	First string  `json:"first"`
	Last  string  `json:"last"`
	Prev  *string `json:"prev"`
	Next  *string `json:"next"`
}

type pageMeta struct {
	CurrentPage int `json:"current_page"`
	LastPage    int `json:"last_page"`
	PerPage     int `json:"per_page"`
	Total       int `json:"total"`
}

type listView struct {
	Data  []any     `json:"data"`
	Links pageLinks `json:"links"`
	Meta  pageMeta  `json:"meta"`
}

// listAnswer wraps a page of total objects.
func (f *referralFactory) listAnswer(c *call, p page, data []any, total int) answer {
	if p.size == 0 {
		p.number, p.size = 1, max(total, 1)
	}
	last := max(1, (total+p.size-1)/p.size)
	link := func(n int) string { return f.pageURL(c, n) }
	v := listView{
		Data:  data,
		Links: pageLinks{First: link(1), Last: link(last)},
		Meta:  pageMeta{p.number, last, p.size, total},
	}
	if p.number > 1 {
		prev := link(p.number - 1)
		v.Links.Prev = &prev
	}
	if p.number < last {
		next := link(p.number + 1)
		v.Links.Next = &next
	}
	return jsonAnswer(http.StatusOK, v)
}

// pageURL is the URL of the call with another page.
func (f *referralFactory) pageURL(c *call, number int) string {
	query := url.Values{}
	for key, values := range c.query {
		query[key] = values
	}
	query.Set("page", strconv.Itoa(number))
	origin := f.behaviour.LinksHost
	if origin == "" {
		origin = "http://" + c.request.Host
		if c.request.TLS != nil || c.request.URL.Scheme == "https" {
			origin = "https://" + c.request.Host
		}
	}
	return origin + c.request.URL.Path + "?" + query.Encode()
}
