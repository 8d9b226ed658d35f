//go:build unix

package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

// line is a row of a file to import.
type line struct {
	operation, email, first, referrer, qualified string
}

// lines is a file to import.
type lines []line

// String is the file.
func (ls lines) String() string {
	var b strings.Builder
	b.WriteString("operation,email,first_name,referrer_email,qualified\n")
	for _, l := range ls {
		fmt.Fprintf(&b, "%s,%s,%s,%s,%s\n", l.operation, l.email, l.first, l.referrer, l.qualified)
	}
	return b.String()
}

// mixed makes a file of 600 rows with everything that a run meets, in random
// order, and the account that it is for. Rows of one person keep their order;
// referrers stand anywhere.
func mixed(random *rand.Rand) (lines, *sandbox.State) {
	var people []lines // the rows of each person
	add := func(rows ...line) { people = append(people, rows) }
	name := func(kind string, n int) string { return fmt.Sprintf("%s-%d@example.com", kind, n) }

	for n := range 275 { // a forest of referrers and leads
		rows := lines{{operation: "create", email: name("new", n), first: fmt.Sprint("New", n)}}
		if lead := n >= 30; lead && n%5 < 3 {
			rows[0].referrer = name("new", random.IntN(n))
			switch n % 10 {
			case 0, 1:
				rows = append(rows, line{operation: "qualify", email: rows[0].email})
			case 2:
				rows[0].qualified = "yes" // created and qualified by one row
			case 5:
				rows = append(rows, line{operation: "update", email: rows[0].email, first: fmt.Sprint("Renamed", n)},
					line{operation: "qualify", email: rows[0].email})
			}
		}
		add(rows...)
	}
	for n := range 15 { // come and gone
		add(line{operation: "create", email: name("brief", n), first: "Brief"}, line{operation: "delete", email: name("brief", n)})
	}
	for n := range 40 { // those who are there
		add(line{operation: "update", email: name("old", n), first: fmt.Sprint("Changed", n)})
	}
	for n := range 30 {
		add(line{operation: "qualify", email: name("lead", n)})
	}
	for n := range 20 {
		add(line{operation: "delete", email: name("going", n)})
		add(line{operation: "create", email: name("old", 40+n), first: "There"})
	}
	for n := range 8 {
		add(line{operation: "upsert", email: name("fresh", n), first: "Fresh"})
		add(line{operation: "upsert", email: name("known", n), first: "Known Better"})
	}
	for n := range 10 { // and what is not sent, or comes to nothing
		add(line{operation: "qualify", email: name("nobody", n)})
		add(line{operation: "create", email: fmt.Sprintf("invalid-%d@", n), first: "Invalid"})
		add(line{operation: "skip", email: name("skipped", n)})
	}
	for n := range 5 {
		add(line{operation: "create", email: name("refused", n), first: "Refused", referrer: name("nobody", n)})
		add(line{operation: "create", email: name("blocked", n), first: "Blocked", referrer: name("refused", n)})
	}
	for n := range 20 { // said twice
		people[n] = append(people[n], people[n][0])
	}
	return fill(shuffle(random, people)), crowd()
}

// fill brings the file to 600 rows.
func fill(ls lines) lines {
	for n := 0; len(ls) < 600; n++ {
		ls = append(ls, line{operation: "create", email: fmt.Sprintf("filler-%d@example.com", n), first: "Filler"})
	}
	return ls
}

// crowd is the account that mixed files are for.
func crowd() *sandbox.State {
	users := []sandbox.User{{Email: "host@example.com", FirstName: "Host"}}
	for n := range 60 {
		users = append(users, sandbox.User{Email: fmt.Sprintf("old-%d@example.com", n), FirstName: "Old"})
	}
	for n := range 30 {
		users = append(users, sandbox.User{Email: fmt.Sprintf("lead-%d@example.com", n), FirstName: "Lead", Type: sandbox.PersonInvited, ReferrerID: 1})
	}
	for n := range 20 {
		users = append(users, sandbox.User{Email: fmt.Sprintf("going-%d@example.com", n), FirstName: "Going"})
	}
	for n := range 8 {
		users = append(users, sandbox.User{Email: fmt.Sprintf("known-%d@example.com", n), FirstName: "Known", SignedUpAt: "2026-01-01"})
	}
	return account(users...)
}

// shuffle lays the rows of all people out in random order, and those of one
// person in theirs.
func shuffle(random *rand.Rand, people []lines) lines {
	var places []int // whose row stands where
	for p, rows := range people {
		for range rows {
			places = append(places, p)
		}
	}
	random.Shuffle(len(places), func(i, j int) { places[i], places[j] = places[j], places[i] })
	next := make([]int, len(people))
	var all lines
	for _, p := range places {
		all = append(all, people[p][next[p]])
		next[p]++
	}
	return all
}

// byPerson takes a file apart again.
func (ls lines) byPerson() []lines {
	place := map[string]int{}
	var people []lines
	for _, l := range ls {
		p, seen := place[l.email]
		if !seen {
			p = len(people)
			place[l.email] = p
			people = append(people, nil)
		}
		people[p] = append(people[p], l)
	}
	return people
}

// edited is the file as somebody would leave it between two runs: all rows in
// another order, some people taken out whom nobody waits for, and some put in
// who are there today only.
func (ls lines) edited(random *rand.Rand, day int) lines {
	var referrers []string
	for _, l := range ls {
		referrers = append(referrers, l.referrer)
	}
	slices.Sort(referrers)
	var people []lines
	for _, rows := range ls.byPerson() {
		if _, awaited := slices.BinarySearch(referrers, rows[0].email); awaited || random.IntN(10) > 0 {
			people = append(people, rows)
		}
	}
	for n := range 5 {
		people = append(people, lines{{operation: "create", email: fmt.Sprintf("today-%d-%d@example.com", day, n), first: "Today"}})
	}
	return shuffle(random, people)
}
