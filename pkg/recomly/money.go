package recomly

import (
	"strconv"
	"strings"

	"github.com/refbulk/refbulk/pkg/fields"
)

// fault is why a cell cannot be read, and what to do; the zero fault is none.
type fault struct{ reason, advice string }

const writeDollars = "write $25.00, or 2500 for the cents"

// cents reads an amount of money. A whole number alone is cents, as the API
// counts; with a dollar sign or USD it is dollars. A decimal or a grouped
// number alone may be either, and is refused.
func cents(cell string) (int64, fault) {
	text := strings.ToUpper(fields.Word(cell))
	text, negative := signed(text)
	text, unit := currency(text)
	if rest, inner := signed(text); unit != "" && inner && !negative {
		text, negative = rest, true // $-5
	}
	var n int64
	var bad fault
	switch {
	case strings.HasSuffix(text, "%"):
		return 0, fault{"is a percentage, where an amount of money belongs", writeDollars}
	case unit == "$":
		n, bad = hundredths(text)
		if bad.reason != "" && bad.advice == "" {
			bad.advice = writeDollars
		}
	case unit != "" && unit != "¢":
		return 0, fault{"is not in US dollars", writeDollars}
	default:
		n, bad = whole(text)
		if bad.reason != "" {
			if _, worse := hundredths(text); worse.reason == "" && unit == "" {
				bad = fault{"may be dollars or cents", writeDollars}
			} else {
				bad = fault{"is not an amount of money", writeDollars}
			}
		}
	}
	if negative {
		n = -n
	}
	return n, bad
}

const writePercent = "write 5 %, or 500 for the basis points"

// basisPoints reads a share. A whole number alone is basis points, as the API
// counts, 100 of them to a percent; with a percent sign it is percent.
func basisPoints(cell string) (int64, fault) {
	text := strings.ToUpper(fields.Word(cell))
	text, negative := signed(text)
	var n int64
	var bad fault
	if share, ok := strings.CutSuffix(text, "%"); ok {
		n, bad = hundredths(strings.TrimSpace(share))
		if bad.reason != "" {
			bad = fault{"is not a percentage of at most two decimals", writePercent}
		}
	} else if n, bad = whole(text); bad.reason != "" {
		if _, unit := currency(text); unit != "" {
			bad = fault{"is an amount of money, where a percentage belongs", writePercent}
		} else if _, worse := hundredths(text); worse.reason == "" {
			bad = fault{"may be percent or basis points", writePercent}
		} else {
			bad = fault{"is not a percentage", writePercent}
		}
	}
	if negative {
		n = -n
	}
	return n, bad
}

// signed takes the sign off a number: -5, −5, or (5) as accountants write it.
func signed(text string) (rest string, negative bool) {
	if inner, ok := strings.CutPrefix(text, "("); ok && strings.HasSuffix(inner, ")") {
		return strings.TrimSpace(strings.TrimSuffix(inner, ")")), true
	}
	for _, minus := range []string{"-", "−"} {
		if rest, ok := strings.CutPrefix(text, minus); ok {
			return strings.TrimSpace(rest), true
		}
	}
	return strings.TrimSpace(strings.TrimPrefix(text, "+")), false
}

// currency takes the unit off an amount: $ for dollars, ¢ for cents, what it
// says for any other, "" for none.
func currency(text string) (rest, unit string) {
	for _, u := range []struct{ word, unit string }{
		{"US$", "$"}, {"USD", "$"}, {"$", "$"}, {"CENTS", "¢"}, {"CENT", "¢"}, {"¢", "¢"},
	} {
		if rest, ok := strings.CutPrefix(text, u.word); ok {
			return strings.TrimSpace(rest), u.unit
		}
		if rest, ok := strings.CutSuffix(text, u.word); ok {
			return strings.TrimSpace(rest), u.unit
		}
	}
	if foreign := strings.Trim(text, "0123456789.,' -−+()"); foreign != "" && foreign != "%" && strings.ContainsAny(text, "0123456789") {
		return text, foreign
	}
	return text, ""
}

// mostDigits keeps any number far from where an int64 ends.
const mostDigits = 12

// whole reads a number that is written in digits alone.
func whole(text string) (int64, fault) {
	if text == "" || len(text) > mostDigits || strings.Trim(text, "0123456789") != "" {
		return 0, fault{reason: "is not a whole number"}
	}
	n, _ := strconv.ParseInt(text, 10, 64) // it is digits
	return n, fault{}
}

// hundredths reads a decimal number of at most two decimals, grouped or not,
// as hundredths: 1,250.50 and 1.250,50 as 125050. Three digits after a single
// dot are thousands to one reader and decimals to another, and are refused;
// after a comma they are thousands, because dollars are written so.
func hundredths(text string) (int64, fault) {
	decimal := strings.LastIndexAny(text, ".,")
	fraction := ""
	if decimal >= 0 {
		fraction = text[decimal+1:]
		single := strings.Count(text, ".")+strings.Count(text, ",") == 1
		switch separator := text[decimal]; {
		case len(fraction) == 3 && (!single || separator == ','):
			decimal, fraction = -1, "" // the last separator groups as well
		case len(fraction) == 3:
			return 0, fault{reason: "may have thousands or decimals after its dot"}
		case strings.Count(text, string(separator)) > 1:
			return 0, fault{reason: "is not a number"}
		}
	}
	digits := text
	if decimal >= 0 {
		digits = text[:decimal]
	}
	digits, ok := ungroup(digits)
	if !ok || len(fraction) > 2 || decimal >= 0 && fraction == "" {
		return 0, fault{reason: "is not a number of at most two decimals"}
	}
	n, bad := whole(digits + (fraction + "00")[:2])
	if bad.reason != "" {
		return 0, fault{reason: "is not a number of at most two decimals"}
	}
	return n, fault{}
}

// ungroup takes the separators out of 1,250,000: one kind of them, and three
// digits after each.
func ungroup(text string) (digits string, ok bool) {
	for _, separator := range []string{",", ".", "'", " "} {
		groups := strings.Split(text, separator)
		if len(groups) == 1 {
			continue
		}
		for i, g := range groups {
			if i > 0 && len(g) != 3 || i == 0 && (len(g) < 1 || len(g) > 3) {
				return "", false
			}
		}
		return strings.Join(groups, ""), true
	}
	return text, text != ""
}

// dollars writes cents as a person reads them.
func dollars(cents int64) string {
	sign := ""
	if cents < 0 {
		sign, cents = "-", -cents
	}
	return sign + "$" + strconv.FormatInt(cents/100, 10) + "." + twoDigits(cents%100)
}

// percent writes basis points as a person reads them.
func percent(points int64) string {
	text := strconv.FormatInt(points/100, 10)
	if points%100 != 0 {
		text += "." + strings.TrimSuffix(twoDigits(points%100), "0")
	}
	return text + " %"
}

func twoDigits(n int64) string {
	text := strconv.FormatInt(n, 10)
	if n < 10 {
		text = "0" + text
	}
	return text
}
