package pace

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// uptime is a clock that stands where a machine has been up for a day, and goes on from start.
func uptime(start time.Time) clock {
	return clock{boot: 1, now: func() time.Duration { return 24*time.Hour + time.Since(start) }}
}

// logged opens the Store of an account and what it warns of.
func logged(dir string, c clock) (*File, *bytes.Buffer) {
	var b bytes.Buffer
	return openFile(dir, "account", slog.New(slog.NewTextHandler(&b, nil)), c), &b
}

// take takes n slots of a limit of 3 a minute, and returns their leases and the first wait.
func take(t *testing.T, f *File, n int) (leases []Lease, wait time.Duration) {
	t.Helper()
	for range n {
		lease, w, err := f.Take(t.Context(), 3, time.Minute)
		if err != nil {
			t.Fatalf("Take: %v", err)
		}
		if lease == 0 {
			return leases, w
		}
		leases = append(leases, lease)
	}
	return leases, 0
}

func TestProcessesOfAMachineShareTheCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, c := filepath.Join(t.TempDir(), "state"), uptime(time.Now())
		a, warned := logged(dir, c)
		b, _ := logged(dir, c)
		defer a.Close()
		defer b.Close()
		leases, _ := take(t, a, 2)
		if got, _ := take(t, b, 3); len(got) != 1 {
			t.Errorf("after 2 of 3 slots were taken: another process took %d, want 1", len(got))
		}
		a.Give(leases[0], true)
		a.Give(leases[1], false)
		if got, wait := take(t, b, 2); len(got) != 1 || wait <= 0 || wait > time.Minute {
			t.Errorf("after one came back unused: took %d, then wait %v, want 1 and a minute at most", len(got), wait)
		}
		time.Sleep(time.Minute)
		if got, _ := take(t, b, 2); len(got) != 1 {
			t.Errorf("a window after the other came back: took %d, want 1", len(got))
		}
		if warned.Len() > 0 {
			t.Errorf("warned of %s", warned)
		}
	})
}

func TestAccountsDontShareTheCount(t *testing.T) {
	dir, c := t.TempDir(), uptime(time.Now())
	a, b := openFile(dir, "a", nil, c), openFile(dir, "b", nil, c)
	defer a.Close()
	defer b.Close()
	take(t, a, 3)
	if got, _ := take(t, b, 3); len(got) != 3 {
		t.Errorf("another account took %d, want 3", len(got))
	}
}

func TestTheStateIsReadableByItsOwnerAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	f, _ := logged(dir, machineClock())
	take(t, f, 1)
	for _, path := range append(files(t, dir), dir) {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", filepath.Base(path), info.Mode())
		}
		if strings.Contains(path, "account") {
			t.Errorf("%s names the account", path)
		}
	}
	if err := f.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if got := files(t, dir); len(got) != 2 {
		t.Errorf("left behind: got %v, want the lock and the state", got)
	}
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	got, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// state is the path of the only state file.
func state(t *testing.T, dir string) string {
	t.Helper()
	got, err := filepath.Glob(filepath.Join(dir, "*.state"))
	if err != nil || len(got) != 1 {
		t.Fatalf("state files: got %v (%v), want 1", got, err)
	}
	return got[0]
}

func TestWhatTheFileCantVouchForCountsAsJustUsed(t *testing.T) {
	for _, tt := range []struct {
		name   string
		damage func(path string, whole []byte) error
		took   int // of 3, where the last one was in use
		warns  bool
	}{
		{"whole", func(string, []byte) error { return nil }, 2, false},
		{"empty", func(path string, _ []byte) error { return os.Truncate(path, 0) }, 0, true},
		{"cut in the header", func(path string, _ []byte) error { return os.Truncate(path, headerSize-1) }, 0, true},
		{"cut after the header", func(path string, _ []byte) error { return os.Truncate(path, headerSize) }, 0, true},
		{"cut in the last slot", func(path string, b []byte) error { return os.Truncate(path, int64(len(b)-1)) }, 2, true},
		{"zeros", func(path string, b []byte) error { return os.WriteFile(path, make([]byte, len(b)), 0o600) }, 0, true},
		{"rubbish", func(path string, _ []byte) error { return os.WriteFile(path, []byte("hello"), 0o600) }, 0, true},
		{"a torn slot", func(path string, b []byte) error {
			b[headerSize+3] ^= 1
			return os.WriteFile(path, b, 0o600)
		}, 1, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir, c := t.TempDir(), uptime(time.Now())
				a, _ := logged(dir, c)
				defer a.Close()
				leases, _ := take(t, a, 1)
				path := state(t, dir)
				whole, err := os.ReadFile(path)
				if err == nil {
					err = tt.damage(path, whole)
				}
				if err != nil {
					t.Fatal(err)
				}
				b, warned := logged(dir, c)
				defer b.Close()
				if got, _ := take(t, b, 3); len(got) != tt.took {
					t.Errorf("took %d, want %d", len(got), tt.took)
				}
				if (warned.Len() > 0) != tt.warns {
					t.Errorf("warned: %q", warned)
				}
				a.Give(leases[0], true)
				time.Sleep(time.Minute)
				if got, _ := take(t, b, 3); len(got) != 3-tt.took {
					t.Errorf("a window later: took %d, want %d", len(got), 3-tt.took)
				}
			})
		})
	}
}

func TestAFileDeletedMeanwhileIsNotForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, c := t.TempDir(), uptime(time.Now())
		a, warned := logged(dir, c)
		defer a.Close()
		leases, _ := take(t, a, 1)
		if err := os.RemoveAll(state(t, dir)); err != nil {
			t.Fatal(err)
		}
		if got, _ := take(t, a, 1); len(got) != 0 || warned.Len() == 0 {
			t.Errorf("took %d, warned %q, want none and a warning", len(got), warned)
		}
		time.Sleep(time.Minute)
		if got, _ := take(t, a, 3); len(got) != 2 {
			t.Errorf("a window later, with one out: took %d, want 2", len(got))
		}
		a.Give(leases[0], true)
		time.Sleep(time.Minute)
		if got, _ := take(t, a, 1); len(got) != 1 {
			t.Errorf("a window after it came back: took %d, want 1", len(got))
		}
	})
}

func TestADeadProcessGivesItsSlotsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, c := t.TempDir(), uptime(time.Now())
		dead, _ := logged(dir, c)
		take(t, dead, 3)
		time.Sleep(time.Hour) // a slow answer
		b, _ := logged(dir, c)
		defer b.Close()
		if got, wait := take(t, b, 1); len(got) != 0 || wait > time.Second {
			t.Errorf("while it lives: took %d, wait %v, want none and a second at most", len(got), wait)
		}
		(&load{}).die(dead)
		for range 3 { // what it sent may still be on its way
			time.Sleep(time.Second)
			if got, wait := take(t, b, 1); len(got) != 0 || wait > time.Second {
				t.Errorf("just dead: took %d, wait %v, want none and a second at most", len(got), wait)
			}
		}
		time.Sleep(time.Second)
		if got, wait := take(t, b, 1); len(got) != 0 || wait != time.Minute {
			t.Errorf("dead for three seconds: took %d, wait %v, want none and a minute", len(got), wait)
		}
		time.Sleep(time.Minute)
		if got, _ := take(t, b, 3); len(got) != 3 {
			t.Errorf("dead for a window: took %d, want 3", len(got))
		}
		if got := files(t, dir); len(got) != 3 {
			t.Errorf("left behind: got %v, want the lock, the state and one alive", got)
		}
	})
}

func TestAClockThatJumpsCostsAWindowAtMost(t *testing.T) {
	for _, tt := range []struct {
		name string
		jump time.Duration
		boot uint64 // 1 is the same
		took int    // of 3, all of which came back just now
		wait time.Duration
	}{
		{"not at all", 0, 1, 0, time.Minute},
		{"back", -10 * time.Hour, 1, 0, time.Minute},
		{"rebooted just now", -24*time.Hour + time.Second, 2, 0, 59 * time.Second},
		{"rebooted a minute ago", -24*time.Hour + time.Minute, 2, 3, 0},
		{"rebooted, where boots have no names", -24*time.Hour + time.Second, 0, 0, time.Minute},
		{"forward, as in a boot that lasts longer than the last one", time.Hour, 2, 3, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir, c := t.TempDir(), uptime(time.Now())
				c.boot = min(1, tt.boot)
				a, _ := logged(dir, c)
				leases, _ := take(t, a, 3)
				for _, lease := range leases {
					a.Give(lease, true)
				}
				a.Close()
				b, _ := logged(dir, clock{boot: tt.boot, now: func() time.Duration { return c.now() + tt.jump }})
				defer b.Close()
				if got, wait := take(t, b, 3); len(got) != tt.took || wait != tt.wait {
					t.Errorf("took %d, wait %v, want %d and %v", len(got), wait, tt.took, tt.wait)
				}
			})
		})
	}
}

func TestAFolderThatCantBeMadeLeavesTheProcessAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(dir, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		f, warned := logged(filepath.Join(dir, "state"), uptime(time.Now()))
		defer f.Close()
		leases, wait := take(t, f, 4)
		if len(leases) != 3 || wait != time.Minute {
			t.Errorf("took %d, wait %v, want 3 and a minute", len(leases), wait)
		}
		if got := strings.Count(warned.String(), "level=WARN"); got != 1 {
			t.Errorf("%d warnings, want 1: %s", got, warned)
		}
		f.Give(leases[0], true)
		time.Sleep(time.Minute)
		if got, _ := take(t, f, 2); len(got) != 1 {
			t.Errorf("a window after one came back: took %d, want 1", len(got))
		}
	})
}

func TestWhoIsLeftAloneForgetsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, c := t.TempDir(), uptime(time.Now())
		a, _ := logged(dir, c)
		b, _ := logged(dir, c)
		defer a.Close()
		defer b.Close()
		take(t, a, 1)
		take(t, b, 1)
		if err := os.Remove(state(t, dir)); err != nil {
			t.Fatal(err)
		}
		// A folder in its place can be neither read nor written.
		if err := os.Mkdir(b.disk.path, 0o700); err != nil {
			t.Fatal(err)
		}
		if got, _ := take(t, b, 3); len(got) != 1 {
			t.Errorf("with 2 of 3 known to be out: took %d, want 1", len(got))
		}
		time.Sleep(time.Minute)
		if got, _ := take(t, b, 3); len(got) != 1 {
			t.Errorf("a window later, with 2 out of its own: took %d, want 1", len(got))
		}
	})
}

// TestTheLawHoldsOverProcessesAndKills runs a random set of processes, some of which are killed and run
// again at once.
func TestTheLawHoldsOverProcessesAndKills(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		limit := rapid.IntRange(1, 30).Draw(r, "limit")
		latency := time.Duration(rapid.Float64Range(0, 1.5).Draw(r, "latency") * float64(time.Minute))
		kills := rapid.SliceOfN(rapid.IntRange(0, 180), 1, 4).Draw(r, "kills, seconds after start")
		n := rapid.IntRange(1, 40).Draw(r, "requests each")
		seed := rapid.Uint64().Draw(r, "seed")
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			r.Fatal(err)
		}
		synctest.Test(t, func(t *testing.T) {
			s, c := newCounter(), uptime(time.Now())
			var wg sync.WaitGroup
			for i, after := range kills {
				wg.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(after)*time.Second)
					defer cancel()
					runProcess(ctx, t, openFile(dir, "a", nil, c), s, limit, n, latency, seed+uint64(2*i))
					runProcess(t.Context(), t, openFile(dir, "a", nil, c), s, limit, n, latency, seed+uint64(2*i+1))
				})
			}
			wg.Wait()
			err = s.overrun(limit, time.Minute)
			if got := len(s.arrivals()); got < n*len(kills) {
				err = errors.Join(err, errors.New("requests got lost"))
			}
		})
		if err != nil {
			r.Fatal(err)
		}
	})
}

// runProcess sends n requests as a process of its own, which is killed when ctx ends.
func runProcess(ctx context.Context, t *testing.T, f *File, s *counter, limit, n int, latency time.Duration, seed uint64) {
	g := New(Options{Limit: limit, Store: f})
	l := &load{gate: g, server: s, latency: latency, seed: seed, todo: n}
	dies := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(dies)
		l.die(f)
	})
	var wg sync.WaitGroup
	for w := range 5 {
		wg.Go(func() {
			if err := l.worker(w, func() (*Pass, error) { return g.Enter(ctx) }); err != nil && ctx.Err() == nil {
				t.Errorf("Enter: %v", err)
			}
		})
	}
	wg.Wait()
	if !stop() {
		<-dies
		return
	}
	if err := g.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func TestProcessesTogetherUseTheWholeLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, s, c := t.TempDir(), newCounter(), uptime(time.Now())
		const limit, processes, each = 60, 3, 200
		start := time.Now()
		var wg sync.WaitGroup
		for p := range processes {
			wg.Go(func() {
				runProcess(t.Context(), t, openFile(dir, "a", nil, c), s, limit, each, 500*time.Millisecond, uint64(p))
			})
		}
		wg.Wait()
		const n = processes * each
		took, want := time.Since(start), (n/limit-1)*time.Minute*102/100+limit*time.Second/30
		if took > want {
			t.Errorf("%d requests at %d a minute took %v, want at most %v", n, limit, took, want)
		}
		if err := s.overrun(limit, time.Minute); err != nil {
			t.Error(err)
		}
	})
}
