package pace

import (
	"context"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// What is used is told by all who share the count, and telling takes nothing.
func TestWhatIsUsedIsToldAndTakesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, c := filepath.Join(t.TempDir(), "state"), uptime(time.Now())
		files := make([]*File, 2)
		for i := range files {
			files[i], _ = logged(dir, c)
		}
		for name, stores := range map[string][2]Store{"file": {files[0], files[1]}, "process": {newLocal(), nil}} {
			one := New(Options{Limit: 5, Window: time.Minute, Peak: -1, Store: stores[0]})
			other := one
			if stores[1] != nil {
				other = New(Options{Limit: 5, Window: time.Minute, Peak: -1, Store: stores[1]})
				defer other.Close()
			}
			defer one.Close()
			want := func(when string, n int) {
				t.Helper()
				for range 3 {
					if got, err := other.Used(t.Context()); got != n || err != nil {
						t.Errorf("%s, %s: Used() = %d, %v; want %d", name, when, got, err, n)
					}
				}
			}
			want("before anything", 0)
			var passes []*Pass
			for range 3 {
				p, err := one.Enter(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				passes = append(passes, p)
			}
			want("with three on their way", 3)
			passes[0].Leave()
			passes[1].Leave()
			passes[2].Cancel()
			want("with two answered", 2)
			time.Sleep(30 * time.Second)
			want("half a window later", 2)
			time.Sleep(31 * time.Second)
			want("a window later", 0)
		}
	})
}

func TestRedisTellsWhatIsUsed(t *testing.T) {
	s := startRedis(t)
	r, _ := s.open(t)
	trusted(t, r)
	leases, _ := takeN(t, r, 2)
	r.Give(leases[0], true)
	if n, err := r.used(t.Context(), time.Minute); n != 2 || err != nil {
		t.Errorf("used() = %d, %v; want 2", n, err)
	}
	r.Give(leases[1], false)
	if n, err := r.used(t.Context(), time.Minute); n != 1 || err != nil {
		t.Errorf("used() after one came back unused = %d, %v; want 1", n, err)
	}
	s.kill()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if n, err := r.used(ctx, time.Minute); err == nil {
		t.Errorf("used() of a Redis that is gone = %d, want an error", n)
	}
}
