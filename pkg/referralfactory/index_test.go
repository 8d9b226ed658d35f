package referralfactory

import (
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/refbulk/refbulk/pkg/fields"
)

// anyUser draws users that share ids, codes and addresses now and then.
func anyUser(t *rapid.T) *User {
	name := rapid.SampledFrom([]string{"", "a", "b", "Ana", "ana", "é", "長い名前"})
	return &User{
		ID: rapid.Int64Range(1, 40).Draw(t, "id"), CampaignID: rapid.Int64Range(1, 3).Draw(t, "campaign"),
		ReferrerID: rapid.Int64().Draw(t, "referrer"),
		Code:       name.Draw(t, "code"), URL: rapid.SampledFrom([]string{"", "https://example.com/", "https://example.com/Ana", "a"}).Draw(t, "url"),
		FirstName: rapid.String().Draw(t, "first name"), Email: name.Draw(t, "local") + "@Example.com",
		Type:       rapid.SampledFrom([]string{Referring, Invited, ""}).Draw(t, "type"),
		SignedUpAt: rapid.SampledFrom([]string{"", "2026-02-03", "2026-02-04"}).Draw(t, "day"), QualifiedAt: rapid.StringN(0, 5, -1).Draw(t, "qualified"),
		Meta: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) MetaValue {
			value := rapid.SampledFrom([]any{nil, true, json.Number("12345678901234567890"), "x", "", []any{"a", json.Number("1")}, map[string]any{"k": "v"}})
			return MetaValue{Field: rapid.StringN(1, 3, -1).Draw(t, "label"), Value: value.Draw(t, "value")}
		}), 0, 3).Draw(t, "meta"),
	}
}

func TestTheIndexAnswersAsAPlainMapWould(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, model := newIndex(rapid.IntRange(0, 10).Draw(t, "expected")), map[int64]*User{}
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				u := anyUser(t)
				if len(u.Meta) == 0 {
					u.Meta = nil
				}
				x.put(u)
				model[u.ID] = u
			},
			"drop": func(t *rapid.T) {
				id := rapid.Int64Range(1, 40).Draw(t, "id")
				x.drop(id)
				delete(model, id)
			},
			"": func(t *rapid.T) {
				if x.len() != len(model) {
					t.Fatalf("len() = %d, want %d", x.len(), len(model))
				}
				probe := anyUser(t)
				if got, want := x.user(probe.ID), model[probe.ID]; !reflect.DeepEqual(got, want) {
					t.Fatalf("user(%d) = %+v, want %+v", probe.ID, got, want)
				}
				compare(t, "withCode", x.withCode(probe.Code), model, func(u *User) bool { return u.Code == probe.Code })
				compare(t, "withEmail", x.withEmail(probe.Email, probe.CampaignID), model, func(u *User) bool {
					return fields.SameEmail(u.Email) == fields.SameEmail(probe.Email) && u.CampaignID == probe.CampaignID
				})
			},
		})
	})
}

func compare(t *rapid.T, call string, got []User, model map[int64]*User, is func(*User) bool) {
	var want []User
	for _, u := range model {
		if is(u) {
			want = append(want, *u)
		}
	}
	slices.SortFunc(want, func(a, b User) int { return cmp.Compare(a.ID, b.ID) })
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%s gave %+v, want %+v", call, got, want)
	}
}

// A user who needs more room than a block, and more words than are shared, is
// kept like any other.
func TestTheIndexKeepsWhatDoesNotFit(t *testing.T) {
	x := newIndex(0)
	var all []*User
	for i := range 2*mostWords + 10 {
		u := &User{ID: int64(i + 1), CampaignID: 1, Email: fmt.Sprint(i, "@example.com"), Code: fmt.Sprint("c", i), SignedUpAt: fmt.Sprint("day ", i),
			Meta: []MetaValue{{Field: fmt.Sprint("label ", i), Value: "v"}}}
		if i%1000 == 0 {
			u.FirstName = strings.Repeat("x", blockSize+i)
		}
		x.put(u)
		all = append(all, u)
	}
	for _, u := range all {
		if got := x.user(u.ID); !reflect.DeepEqual(got, u) {
			t.Fatalf("user %d is not what was put in", u.ID)
		}
	}
}

func TestTheIndexMayBeAskedWhileItChanges(t *testing.T) {
	x := newIndex(0)
	var workers sync.WaitGroup
	for n := range 4 {
		workers.Go(func() {
			for i := range 500 {
				u := aUser(i)
				x.put(&u)
				x.withEmail(u.Email, u.CampaignID)
				if n == 0 && i%3 == 0 {
					x.drop(u.ID)
				}
				x.len()
			}
		})
	}
	workers.Wait()
}

func TestTheSetOfIDsAnswersAsAPlainMapWould(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s idSet
		model := map[int64]bool{}
		for _, start := range rapid.SliceOfN(rapid.Int64Range(0, 1<<33), 1, 3).Draw(t, "starts") {
			step := rapid.Int64Range(1, 40).Draw(t, "step")
			for i := range rapid.Int64Range(1, 6000).Draw(t, "length") {
				id := start + i*step
				if added := s.add(id); added == model[id] {
					t.Fatalf("add(%d) = %v", id, added)
				}
				model[id] = true
				if s.has(id+1) != model[id+1] {
					t.Fatalf("has(%d) = %v, want %v", id+1, s.has(id+1), model[id+1])
				}
			}
		}
		count := 0
		for id := range s.all() {
			count++
			if !model[id] {
				t.Fatalf("all() gives %d, which was not added", id)
			}
		}
		if count != len(model) || s.len() != len(model) {
			t.Fatalf("all() gives %d ids and len() is %d, want %d", count, s.len(), len(model))
		}
	})
}

// aUser is one of many as they are: a link, a code, an address, a day, two
// campaign fields.
func aUser(i int) User {
	code := fmt.Sprintf("Kp%06x", i)
	return User{
		ID: 880_000 + int64(i)*7, CampaignID: 4021, ReferrerID: 880_000 + int64(i/3)*7, Code: code, URL: "https://acme.example.com/" + code,
		FirstName: fmt.Sprintf("Jane%d", i%500), Email: fmt.Sprintf("jane.doe.%d@mail%d.example.com", i, i%20), Type: []string{Invited, Referring}[i%2],
		SignedUpAt: fmt.Sprintf("2026-%02d-%02d", i%12+1, i%28+1), QualifiedAt: []string{"", "2026-05-05"}[i%2],
		Meta: []MetaValue{{Field: "City", Value: fmt.Sprintf("City %d", i%900)}, {Field: "Phone", Value: fmt.Sprintf("+1 202 555 %04d", i%10000)}},
	}
}

// indexOf indexes n users who come in pages, as they do.
func indexOf(n int) *index {
	x := newIndex(n)
	for i := range n {
		u := aUser(i)
		x.put(&u)
	}
	return x
}

// What 200,000 users take is a promise. An eighth of them fill the tables as
// much, and take an eighth.
func TestTwoHundredThousandUsersTakeLessThan40MB(t *testing.T) {
	const users, most = 200_000 / 8, 40_000_000 / 8
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	x := indexOf(users)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if taken := after.HeapAlloc - before.HeapAlloc; taken > most || x.len() != users {
		t.Errorf("%d users take %d bytes, want %d users in %d", x.len(), taken, users, most)
	}
	runtime.KeepAlive(x)
}

func BenchmarkIndexBuild(b *testing.B) {
	for _, n := range []int{20_000, 200_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			var x *index
			for b.Loop() {
				x = indexOf(n)
			}
			b.StopTimer()
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(n), "bytes/user")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/user")
			runtime.KeepAlive(x)
		})
	}
}

func BenchmarkIndexAsk(b *testing.B) {
	for _, n := range []int{20_000, 200_000} {
		x := indexOf(n)
		emails := make([]string, n)
		for i := range emails {
			emails[i] = aUser(i).Email
		}
		b.Run(fmt.Sprint("there/", n), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				if len(x.withEmail(emails[i*7919%n], 4021)) != 1 {
					b.Fatal("not found")
				}
			}
		})
		b.Run(fmt.Sprint("missing/", n), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				if len(x.withEmail(emails[i*7919%n], 1)) != 0 {
					b.Fatal("found")
				}
			}
		})
	}
}
