package row

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestEveryStatusReadsBackAsItself(t *testing.T) {
	for _, s := range Statuses() {
		got, err := ParseStatus(s.String())
		if err != nil || got != s {
			t.Errorf("ParseStatus(%q) = %v, %v; want %v", s.String(), got, err, s)
		}
	}
	for _, word := range []string{"", "pending", "Created", "done"} {
		if got, err := ParseStatus(word); err == nil {
			t.Errorf("ParseStatus(%q) = %v, want an error", word, got)
		}
	}
}

// The contract's table of what a rerun does with each status.
func TestARerunSettlesAndMendsAsTheContractSays(t *testing.T) {
	settled := "created updated qualified unqualified deleted invited converted credited issued cancelled " +
		"exists unchanged skipped duplicate rejected"
	mend := "invalid rejected blocked failed unknown"
	for _, s := range Statuses() {
		if got, want := s.Settled(), contains(settled, s.String()); got != want {
			t.Errorf("%v.Settled() = %v, want %v", s, got, want)
		}
		if got, want := s.NeedsMending(), contains(mend, s.String()); got != want {
			t.Errorf("%v.NeedsMending() = %v, want %v", s, got, want)
		}
	}
}

func contains(words, word string) bool {
	for _, w := range strings.Fields(words) {
		if w == word {
			return true
		}
	}
	return false
}

func TestFingerprintsTellListsOfPartsApart(t *testing.T) {
	if FingerprintOf("ab", "c") == FingerprintOf("a", "bc") {
		t.Error(`FingerprintOf("ab", "c") equals FingerprintOf("a", "bc")`)
	}
	if FingerprintOf() == FingerprintOf("") {
		t.Error(`FingerprintOf() equals FingerprintOf("")`)
	}
	rapid.Check(t, func(t *rapid.T) {
		f := FingerprintOf(rapid.SliceOf(rapid.String()).Draw(t, "parts")...)
		back, err := ParseFingerprint(f.String())
		if err != nil || back != f {
			t.Fatalf("ParseFingerprint(%q) = %v, %v; want %v", f.String(), back, err, f)
		}
	})
}

func TestAProblemSaysColumnValueReasonAndAdvice(t *testing.T) {
	p := Problem{Column: "E-mail", Value: "jane@", Reason: "is not an e-mail address", Advice: "write it as name@example.com"}
	want := `column "E-mail": "jane@" is not an e-mail address; write it as name@example.com`
	if got := p.String(); got != want {
		t.Errorf("String() = %s, want %s", got, want)
	}
	long := Problem{Value: strings.Repeat("x", 5000), Reason: "is too long"}
	if got := len(long.String()); got > 200 {
		t.Errorf("a problem with a value of 5,000 characters is told in %d", got)
	}
}
