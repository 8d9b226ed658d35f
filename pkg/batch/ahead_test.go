package batch

import (
	"errors"
	"io"
	"testing"

	"pgregory.net/rapid"
)

// upTo gives 0 to n-1, then the error.
func upTo(n int, then error) func() (int, error) {
	i := -1
	return func() (int, error) {
		if i++; i < n {
			return i, nil
		}
		return 0, then
	}
}

func TestWhatIsReadAheadArrivesOnceAndInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 2*handfuls*aheadBy).Draw(t, "items")
		broken := errors.New("the file broke off")
		end := rapid.SampledFrom([]error{io.EOF, broken}).Draw(t, "end")
		a := NewAhead(upTo(n, end))
		defer a.Close()
		for want := range n {
			if got, err := a.Next(); err != nil || *got != want {
				t.Fatalf("Next() number %d = %v, %v; want %d", want, got, err, want)
			}
		}
		for range 2 {
			if _, err := a.Next(); !errors.Is(err, end) {
				t.Fatalf("Next() after the last of %d = %v, want %v", n, err, end)
			}
		}
	})
}

func TestReadingAheadEndsWhenItIsClosed(t *testing.T) {
	for _, used := range []int{0, 1, aheadBy, 1000} {
		calls := 0
		next := upTo(1<<30, io.EOF)
		a := NewAhead(func() (int, error) { calls++; return next() })
		for range used {
			if _, err := a.Next(); err != nil {
				t.Fatal(err)
			}
		}
		a.Close()
		if most := used + handfuls*aheadBy; calls > most {
			t.Errorf("%d items were read ahead of %d that were used, want %d handfuls at most", calls-used, used, handfuls)
		}
	}
}
