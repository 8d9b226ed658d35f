package batch

import (
	"context"
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
		n := rapid.IntRange(0, 5*aheadBy).Draw(t, "items")
		want := 0
		err := Ahead(context.Background(), upTo(n, io.EOF), func(got *int) error {
			if *got != want {
				t.Fatalf("item %d arrived as number %d", *got, want)
			}
			want++
			return nil
		})
		if err != nil || want != n {
			t.Fatalf("Ahead() = %v after %d items, want nil after %d", err, want, n)
		}
	})
}

func TestAnErrorOfEitherSideEndsBoth(t *testing.T) {
	broken, enough := errors.New("the file broke off"), errors.New("enough")
	for _, test := range []struct {
		name  string
		items int
		each  error // at item 100
		want  error
	}{
		{"reading breaks off", 150, nil, broken},
		{"who uses them has enough", 1_000_000, enough, enough},
		{"reading breaks off at once", 0, nil, broken},
	} {
		seen := 0
		err := Ahead(t.Context(), upTo(test.items, broken), func(i *int) error {
			if seen++; *i == 100 {
				return test.each
			}
			return nil
		})
		if !errors.Is(err, test.want) {
			t.Errorf("%s: Ahead() = %v, want %v", test.name, err, test.want)
		}
		if test.each == nil && seen != test.items {
			t.Errorf("%s: %d items arrived, want the %d before the error", test.name, seen, test.items)
		}
	}
}

func TestTheEndOfTheContextEndsReading(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped")
	err := Ahead(ctx, upTo(1<<30, io.EOF), func(i *int) error {
		if *i == 1000 {
			cancel(stopped)
		}
		return nil
	})
	if !errors.Is(err, stopped) {
		t.Errorf("Ahead() = %v, want %v", err, stopped)
	}
}
