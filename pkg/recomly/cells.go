package recomly

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/refbulk/refbulk/pkg/fields"
	"github.com/refbulk/refbulk/pkg/row"
)

// cellReader reads the cells of one row and gathers their problems, and how it
// read those that can be read in more than one way.
type cellReader struct {
	columns  fields.Columns
	problems []row.Problem
	readings []string
}

// complain notes a problem of a field.
func (c *cellReader) complain(field, value string, f fault) {
	c.problems = append(c.problems, row.Problem{Column: c.columns.Header(field), Value: value, Reason: f.reason, Advice: f.advice})
}

// read notes how a cell was read.
func (c *cellReader) read(field, cell, as string) {
	c.readings = append(c.readings, fmt.Sprintf("%s %q is %s", c.columns.Header(field), fields.Text(cell), as))
}

// word is an id or another word that people do not read aloud.
func (c *cellReader) word(cell string) string { return fields.Word(cell) }

// title is a name of a person or a campaign.
func (c *cellReader) title(field, cell string) string {
	text := strings.Join(strings.Fields(fields.Text(cell)), " ")
	if n := utf8.RuneCountInString(text); n > maxName {
		c.complain(field, text, fault{fmt.Sprintf("has %d characters, and a name may have %d", n, maxName), "shorten it"})
	}
	return text
}

// maxName is the longest name that the API documents. The inbound hook takes
// longer ones; the shorter bound holds for both.
const maxName = 100

// choice is one of a few words, "" when the cell is empty.
func (c *cellReader) choice(field, cell string, words ...string) string {
	word := strings.ToLower(fields.Word(cell))
	if word != "" && !slices.Contains(words, word) {
		c.complain(field, fields.Text(cell), fault{"is none of " + strings.Join(words, ", "), "use one of them"})
		return ""
	}
	return word
}

// number is a whole number, nil when the cell is empty.
func (c *cellReader) number(field, cell string, least, most int64) *int64 {
	text := fields.Word(cell)
	if text == "" {
		return nil
	}
	n, bad := whole(fields.WholePart(text))
	if bad.reason == "" && (n < least || n > most) {
		bad.reason = fmt.Sprintf("is not between %d and %d", least, most)
	}
	if bad.reason != "" {
		c.complain(field, text, fault{bad.reason, fmt.Sprintf("write a whole number from %d to %d", least, most)})
		return nil
	}
	return &n
}

// money is an amount in cents, nil when the cell is empty.
func (c *cellReader) money(field, cell string) *int64 {
	if fields.Word(cell) == "" {
		return nil
	}
	n, bad := cents(cell)
	if bad.reason != "" {
		c.complain(field, fields.Text(cell), bad)
		return nil
	}
	c.read(field, cell, fmt.Sprintf("%d cents (%s)", n, dollars(n)))
	return &n
}

// reward is the value of a reward: cents or basis points, as the campaign's
// mode has it. Without a known mode the cell's own sign decides, and a bare
// number stays what it is.
func (c *cellReader) reward(field, cell, mode string) *int64 {
	if fields.Word(cell) == "" {
		return nil
	}
	var n int64
	var bad fault
	as := ""
	switch mode {
	case Percent:
		if n, bad = basisPoints(cell); bad.reason == "" && n > maxPoints {
			bad = fault{fmt.Sprintf("is more than %d basis points, which are 100 %%", maxPoints), writePercent}
		}
		as = fmt.Sprintf("%d basis points (%s)", n, percent(n))
	case Fixed:
		n, bad = cents(cell)
		as = fmt.Sprintf("%d cents (%s)", n, dollars(n))
	default:
		if n, bad = whole(fields.Word(cell)); bad.reason != "" {
			bad = fault{"is not a plain number, and the row does not say whether rewards are fixed or percent", "fill in rewardMode"}
		}
		as = fmt.Sprintf("%d, cents or basis points as the campaign has it", n)
	}
	if bad.reason == "" && n < 0 {
		bad = fault{"is less than nothing", "a reward is 0 or more"}
	}
	if bad.reason != "" {
		c.complain(field, fields.Text(cell), bad)
		return nil
	}
	c.read(field, cell, as)
	return &n
}

// maxPoints are all of it.
const maxPoints = 10000

// never is what a cell says to take an expiry away.
const never = "never"

// instant is when a campaign expires, as the API writes it; nil when the cell
// is empty, and "" when it says never.
func (c *cellReader) instant(field, cell string) *string {
	text := fields.Word(cell)
	if text == "" {
		return nil
	}
	if strings.EqualFold(text, never) {
		none := ""
		return &none
	}
	t, bad := expiry(text)
	if bad.reason != "" {
		c.complain(field, text, bad)
		return nil
	}
	at := t.Format(instantLayout)
	c.read(field, cell, at)
	return &at
}

func (c *cellReader) email(field, cell string) string {
	address, problem := fields.Email(c.columns.Header(field), cell)
	if problem != nil {
		c.problems = append(c.problems, *problem)
	}
	return address
}

func (c *cellReader) phone(field, cell string) string {
	number, bad := phone(cell)
	if bad.reason != "" {
		c.complain(field, fields.Text(cell), bad)
	}
	return number
}

// operation is what a row asks for, by the word of the contract or the
// vendor's own.
func (c *cellReader) operation(cell, byDefault string, vendors map[string]string) string {
	word := strings.ToLower(fields.Text(cell))
	if word == "" {
		word = byDefault
	}
	if ours, ok := vendors[word]; ok {
		return ours
	}
	return word
}

// target reads the words of a target as a results file writes it, such as
// email:jane@example.com campaign:3f0c.
func target(cell string) map[string]string {
	found := map[string]string{}
	for word := range strings.FieldsSeq(fields.Text(cell)) {
		if kind, value, ok := strings.Cut(word, ":"); ok {
			found[kind] = value
		}
	}
	return found
}

// optional is a number as a part of a fingerprint.
func optional(n *int64) string {
	if n == nil {
		return "-"
	}
	return strconv.FormatInt(*n, 10)
}
