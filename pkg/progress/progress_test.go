package progress

import (
	"bytes"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/refbulk/refbulk/pkg/row"
)

// ansi finds what moves the cursor, clears or colours.
var ansi = regexp.MustCompile("\x1b\\[[0-9;]*[a-zA-Z]")

// screen keeps what is written.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func TestWithoutATerminalThereIsALineEveryHalfMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &screen{}
		p := Start(Options{Out: out, Total: 100, Color: true, Limit: 600, Window: time.Minute, InWindow: func() int { return 12 }})
		for range 10 {
			p.Done(row.Created)
		}
		p.Done(row.Rejected)
		time.Sleep(61 * time.Second)
		p.Close()
		want := "11 of 100 rows, 22 rows/min, 12 of 600 calls a minute, 1 to mend, about 4m3s left\n" +
			"11 of 100 rows, 11 rows/min, 12 of 600 calls a minute, 1 to mend, about 8m5s left\n"
		if out.String() != want {
			t.Errorf("got\n%swant\n%s", out, want)
		}
	})
}

func TestCallsThatNobodyCountedAreNotShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &screen{}
		p := Start(Options{Out: out, Total: 2, Limit: 600, Window: time.Minute})
		p.Done(row.Created)
		time.Sleep(31 * time.Second)
		p.Close()
		if want := "1 of 2 rows, 2 rows/min, 0 to mend, about 30s left\n"; out.String() != want {
			t.Errorf("got %q, want %q", out, want)
		}
	})
}

func TestProgressCanBeToldAnotherWayOrNotAtAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, told := &screen{}, 0
		p := Start(Options{Out: out, Total: 2, Tell: func(s State) { told += s.Total }})
		none := Start(Options{Out: out, Total: 2, Mode: None, Terminal: true})
		time.Sleep(31 * time.Second)
		p.Close()
		none.Close()
		if out.String() != "" || told != 2 {
			t.Errorf("wrote %q, told %d", out, told)
		}
	})
}

func TestTheBarShowsAllAndLeavesItsLineFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &screen{}
		p := Start(Options{Out: out, Terminal: true, Total: 100, Limit: 600, Window: time.Minute, InWindow: func() int { return 12 }})
		for range 50 {
			p.Done(row.Created)
			time.Sleep(200 * time.Millisecond)
		}
		p.Done(row.Failed)
		time.Sleep(2 * time.Second)
		shown := out.String()
		p.Close()
		for _, want := range []string{"(51/100)", "/min", "12/600 calls", "1 to mend", "left", "█"} {
			if !strings.Contains(shown, want) {
				t.Errorf("the bar lacks %q:\n%q", want, shown)
			}
		}
		if strings.Contains(shown, "\n") {
			t.Errorf("the bar goes over several lines: %q", shown)
		}
		if rest := out.String()[len(shown):]; !strings.HasSuffix(rest, "\x1b[2K\r") {
			t.Errorf("the bar ends with %q", rest)
		}
		if strings.Contains(out.String(), "\x1b[0m") {
			t.Error("there are colours, which nobody asked for")
		}
	})
}

func TestLinesOfLogStandAboveTheBar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &screen{}
		p := Start(Options{Out: out, Terminal: true, Total: 10})
		p.Done(row.Created)
		time.Sleep(1500 * time.Millisecond)
		before := len(out.String())
		if _, err := p.Write([]byte("one\ntwo\n")); err != nil {
			t.Fatal(err)
		}
		got := out.String()[before:]
		if !strings.HasPrefix(got, "\x1b[2K\rone\ntwo\n") || !strings.Contains(got, "(1/10)") {
			t.Errorf("a log is written as %q", got)
		}
		p.Close()
	})
}

func TestARunOfNoRowsHasNoBar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &screen{}
		p := Start(Options{Out: out, Terminal: true})
		time.Sleep(time.Second)
		p.Close()
		if out.String() != "" {
			t.Errorf("wrote %q", out)
		}
	})
}

func TestTheBarFitsIntoEveryWindow(t *testing.T) {
	s := State{Done: 123_456, Total: 1_000_000, Mend: 12, PerMinute: 598.6, InWindow: 540, Limit: 600, Window: time.Minute, Left: 26 * time.Hour}
	last := 1 << 10
	for room := 200; room >= -20; room-- {
		text := describe(s, room, false)
		n := utf8.RuneCountInString(text)
		if n > max(room, 0) || n > last {
			t.Fatalf("in %d columns it is %q", room, text)
		}
		last = n
	}
	for _, want := range []string{"599 rows/min, 540 of 600 calls a minute, 12 to mend, about 26h0m left"} {
		if got := describe(s, 200, false); got != want {
			t.Errorf("with room for all: %q, want %q", got, want)
		}
	}
}

func TestWhatIsToBeMendedIsColouredOnlyWhenAsked(t *testing.T) {
	s := State{Done: 1, Total: 2, Mend: 1}
	if got := describe(s, 80, true); !strings.Contains(got, "[yellow]1 to mend[reset]") {
		t.Errorf("with colours: %q", got)
	}
	s.Mend = 0
	if got := describe(s, 80, true); strings.Contains(got, "[") {
		t.Errorf("nothing to mend is coloured: %q", got)
	}
	if ansi.MatchString(describe(s, 80, false)) {
		t.Error("there are colours without being asked for")
	}
}

func TestTheTimeLeftIsReckonedFromTheLimit(t *testing.T) {
	for _, test := range []struct {
		made, ahead float64
		elapsed     time.Duration
		want        time.Duration
	}{
		{10, 90, 5 * time.Second, 45 * time.Second}, // within the first window: as fast as so far
		{600, 600, 20 * time.Second, 40 * time.Second},
		{600, 601, 20 * time.Second, 100 * time.Second},
		{1200, 0, 61 * time.Second, 0},
		{60, 940, time.Minute, 940 * time.Second}, // slower than the limit lets it: as fast as so far
		{1800, 1800, 30 * time.Minute, 30 * time.Minute},
	} {
		byPace := time.Duration(float64(test.elapsed) * test.ahead / test.made)
		if got := reckon(test.made, test.ahead, 600, time.Minute, test.elapsed, byPace); got != test.want {
			t.Errorf("reckon(%v, %v) after %v = %v, want %v", test.made, test.ahead, test.elapsed, got, test.want)
		}
	}
}
