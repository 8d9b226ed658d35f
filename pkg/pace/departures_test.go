package pace

import (
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func TestDeparturesCountWhatAWindowHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var got departures
		var want []time.Duration
		now := time.Duration(0)
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "leaves") {
				now += time.Duration(rapid.SampledFrom([]int64{0, 1, 55_000, 1e9, 1e13}).Draw(t, "gap"))
				got.add(now)
				want = append(want, now)
			}
			upTo := now - time.Duration(rapid.SampledFrom([]int64{0, 1, 100_000, 6e10}).Draw(t, "window"))
			got.forget(upTo)
			for len(want) > 0 && want[0] <= upTo {
				want = want[1:]
			}
			if got.count != len(want) || len(want) > 0 && (got.oldest != want[0] || got.latest != want[len(want)-1]) {
				t.Fatalf("%d departures from %v to %v, want %v", got.count, got.oldest, got.latest, want)
			}
		}
	})
}

func TestWhatNeverLeftIsNotInTheBusiestWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(Options{Limit: 2, Window: time.Minute, Peak: -1})
		defer g.Close()
		for range 5 { // a server that cannot be reached
			p, err := g.Enter(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			p.Cancel()
		}
		for range 4 {
			p, err := g.Enter(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			p.Leave()
		}
		if got := g.Stats().WorstWindow; got != 2 {
			t.Errorf("Stats().WorstWindow = %d, want the 2 that left", got)
		}
	})
}
