package sandbox

import (
	"bufio"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ParseFault reads the text form of a Fault:
//
//	METHOD PATH [from=N] [every=N] [times=N] [delay=DURATION] [EFFECT]
//
// METHOD and PATH may be "*" for any. EFFECT is one of
//
//	status=CODE [retry-after=DURATION | retry-after-date=DURATION]
//	redirect=URL        reset-before   stall-before
//	lose-answer         reset-mid-body stall
//	malformed-json      empty-body     html-body     huge-body[=BYTES]
//
// as in "POST /users every=100 lose-answer" or
// "* * from=3 times=1 status=429 retry-after=5s". The words after PATH come in
// any order, each once.
func ParseFault(text string) (Fault, error) {
	words := strings.Fields(text)
	if len(words) < 3 {
		return Fault{}, fmt.Errorf("fault %q: want a method, a path and what happens, as in %q", text, "POST /users every=100 lose-answer")
	}
	f, err := parseMatch(words[0], words[1])
	seen := map[string]bool{}
	for _, word := range words[2:] {
		if err != nil {
			break
		}
		key, value, hasValue := strings.Cut(word, "=")
		if seen[key] {
			err = fmt.Errorf("%s is there twice", key)
			break
		}
		seen[key] = true
		if seen["retry-after"] && seen["retry-after-date"] {
			err = errors.New("retry-after is in seconds or a date, not both")
			break
		}
		err = f.set(key, value, hasValue)
	}
	if err == nil {
		err = f.check()
	}
	if err != nil {
		return Fault{}, fmt.Errorf("fault %q: %w", text, err)
	}
	return f, nil
}

// ParseFaults reads one Fault a line. Blank lines and lines that begin with #
// are passed over. It reports all the lines that are wrong.
func ParseFaults(text string) ([]Fault, error) {
	var (
		faults []Fault
		errs   []error
		lines  = bufio.NewScanner(strings.NewReader(text))
	)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		f, err := ParseFault(line)
		if err != nil {
			errs = append(errs, fmt.Errorf("line %d: %w", n, err))
			continue
		}
		faults = append(faults, f)
	}
	return faults, errors.Join(append(errs, lines.Err())...)
}

func parseMatch(method, path string) (Fault, error) {
	var f Fault
	if method != "*" {
		f.Method = strings.ToUpper(method)
		if strings.ContainsFunc(f.Method, func(r rune) bool { return r < 'A' || r > 'Z' }) {
			return f, fmt.Errorf("%q is no HTTP method; * stands for any", method)
		}
	}
	if path != "*" {
		f.Path = path
		if !strings.HasPrefix(path, "/") {
			return f, fmt.Errorf("path %q does not begin with a slash; it is the path below the API's base, as in /users, and * stands for any", path)
		}
	}
	return f, nil
}

// set takes one word of the text form.
func (f *Fault) set(key, value string, hasValue bool) (err error) {
	switch key {
	case "from":
		f.From, err = parseCount(key, value)
	case "every":
		f.Every, err = parseCount(key, value)
	case "times":
		f.Times, err = parseCount(key, value)
	case "delay":
		f.Delay, err = parseWait(key, value)
	case "retry-after":
		f.RetryAfter, err = parseWait(key, value)
	case "retry-after-date":
		f.RetryAfterDate = true
		f.RetryAfter, err = parseWait(key, value)
	default:
		err = f.setEffect(Effect(key), value, hasValue)
	}
	return err
}

func (f *Fault) setEffect(e Effect, value string, hasValue bool) (err error) {
	if e == Pass || !knownEffect(e) {
		return fmt.Errorf("%q is no word of a fault: besides from, every, times and delay it takes one of %s", e, effectWords())
	}
	if f.Effect != Pass {
		return fmt.Errorf("%s and %s: a fault has one effect", f.Effect, e)
	}
	f.Effect = e
	switch e {
	case AnswerStatus:
		f.Status, err = parseCount("status", value)
	case Redirect:
		f.RedirectTo = value
	case HugeBody:
		if hasValue {
			f.Size, err = strconv.ParseInt(value, 10, 64)
			if err != nil || f.Size < 1 {
				err = fmt.Errorf("huge-body=%s: want a number of bytes from 1", value)
			}
		}
	default:
		if hasValue {
			err = fmt.Errorf("%s takes no value", e)
		}
	}
	return err
}

func parseCount(key, value string) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%s=%s: want a number from 1", key, value)
	}
	return n, nil
}

func parseWait(key, value string) (time.Duration, error) {
	d, err := time.ParseDuration(value)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%s=%s: want a duration, as in 1.5s", key, value)
	}
	return d, nil
}

// String is the text form. ParseFault gives the same Fault back.
func (f Fault) String() string {
	words := []string{orStar(f.Method), orStar(f.Path)}
	add := func(on bool, key string, value any) {
		if on {
			words = append(words, fmt.Sprintf("%s=%v", key, value))
		}
	}
	add(f.From > 0, "from", f.From)
	add(f.Every > 0, "every", f.Every)
	add(f.Times > 0, "times", f.Times)
	add(f.Delay > 0, "delay", f.Delay)
	switch f.Effect {
	case Pass:
	case AnswerStatus:
		add(true, "status", f.Status)
		add(f.RetryAfter > 0 && !f.RetryAfterDate, "retry-after", f.RetryAfter)
		add(f.RetryAfter > 0 && f.RetryAfterDate, "retry-after-date", f.RetryAfter)
	case Redirect:
		add(true, "redirect", f.RedirectTo)
	default:
		if f.Effect == HugeBody && f.Size > 0 {
			add(true, "huge-body", f.Size)
		} else {
			words = append(words, string(f.Effect))
		}
	}
	return strings.Join(words, " ")
}

func orStar(s string) string {
	if s == "" {
		return "*"
	}
	return s
}

// MarshalText is the text form.
func (f Fault) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText is ParseFault.
func (f *Fault) UnmarshalText(text []byte) (err error) {
	*f, err = ParseFault(string(text))
	return err
}

// Effects lists what may be written, in the order errors name them.
func Effects() []Effect {
	return []Effect{
		AnswerStatus, Redirect, ResetBefore, StallBefore, Stall, LoseAnswer,
		ResetMidBody, MalformedJSON, EmptyBody, HTMLBody, HugeBody,
	}
}

func knownEffect(e Effect) bool {
	for _, known := range Effects() {
		if e == known {
			return true
		}
	}
	return e == Pass
}

func effectWords() string {
	var words []string
	for _, e := range Effects() {
		words = append(words, string(e))
	}
	return strings.Join(words, ", ")
}
