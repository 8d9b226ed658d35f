package referralfactory

import (
	"context"
	"io"

	"github.com/refbulk/refbulk/pkg/engine"
)

// mostPasses is how often a listing goes through all pages to catch people who
// came while it did.
const mostPasses = 3

// Listing reads a whole list of the account, such as all users, page by page
// and gives each entry once, however they move between pages. When the account
// changed meanwhile it goes through the pages again for those it has not
// given, at most three times in all; of the ids it keeps some two bytes each.
// It belongs to one goroutine.
//
// The vendor documents no order of its pages and no way to read them all at
// one instant. Somebody who comes in the place of somebody who goes, both
// while a page is read, cannot be noticed.
type Listing[T any] struct {
	fetch func(ctx context.Context, page int) (Page[T], error)
	id    func(*T) int64
	try   engine.Try

	page, pass, calls int
	total             int   // as the pass's first page told, 0 when the API does not say
	moved             bool  // the account changed within the pass
	given             idSet // in any pass
	seen              idSet // in this pass
	later             int   // given after the first pass
	done, steady      bool
}

// AllUsers starts a listing. Calls are made through try.
func (c *Client) AllUsers(try engine.Try) *Listing[User] {
	return newListing(try, c.ListUsers, func(u *User) int64 { return u.ID })
}

func newListing[T any](try engine.Try, fetch func(context.Context, int) (Page[T], error), id func(*T) int64) *Listing[T] {
	return &Listing[T]{fetch: fetch, id: id, try: try, pass: 1}
}

// Next gives entries that were not given before, of one page at most, and
// io.EOF after the last.
func (l *Listing[T]) Next() ([]T, error) {
	for !l.done {
		fresh, err := l.read()
		if err != nil {
			return nil, err
		}
		if len(fresh) > 0 {
			return fresh, nil
		}
	}
	return nil, io.EOF
}

// Total is how many entries the list has, as the latest page 1 told; 0 before
// the first Next, and when the API does not say.
func (l *Listing[T]) Total() int { return l.total }

// Calls is how many pages were read.
func (l *Listing[T]) Calls() int { return l.calls }

// Came is how many of the entries given came, or were passed over, while the
// listing went on.
func (l *Listing[T]) Came() int { return l.later }

// Went lists the entries given that were gone when the listing ended. Ask
// after io.EOF.
func (l *Listing[T]) Went() []int64 {
	var gone []int64
	for id := range l.given.all() {
		if !l.seen.has(id) {
			gone = append(gone, id)
		}
	}
	return gone
}

// Steady reports, after io.EOF, whether the last pass saw an account that held
// still: then everything was given. Otherwise something may be missing.
func (l *Listing[T]) Steady() bool { return l.steady }

// read reads the next page and gives those of it that are new.
func (l *Listing[T]) read() ([]T, error) {
	var page Page[T]
	err := l.try(func(ctx context.Context) (err error) {
		page, err = l.fetch(ctx, l.page+1)
		return err
	})
	if err != nil {
		return nil, err
	}
	l.page++
	l.calls++
	if l.page == 1 {
		l.total = page.Total
	}
	unseen := 0
	fresh := page.Data[:0]
	for i := range page.Data {
		id := l.id(&page.Data[i])
		if id == 0 {
			continue // what has no id cannot be named; the total tells of it
		}
		if l.seen.add(id) {
			unseen++
		}
		if l.given.add(id) {
			fresh = append(fresh, page.Data[i])
		}
	}
	if l.pass > 1 {
		l.later += len(fresh)
	}
	l.moved = l.moved || page.Total != l.total
	if !page.More || unseen == 0 {
		// A page without anything new would be followed by others like it for
		// ever where a server does not count its pages.
		l.endPass()
	}
	return fresh, nil
}

func (l *Listing[T]) endPass() {
	l.steady = !l.moved && (l.total == 0 || l.total == l.seen.len())
	if l.done = l.steady || l.pass == mostPasses; l.done {
		return
	}
	l.pass, l.page, l.moved, l.seen = l.pass+1, 0, false, idSet{}
}
