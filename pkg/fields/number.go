package fields

import (
	"strconv"
	"strings"

	"github.com/refbulk/refbulk/pkg/row"
)

// ID reads a number that the API gave. An empty cell is 0. The problem of one
// that a spreadsheet has rounded tells how to get it back.
func ID(column, cell string) (int64, *row.Problem) {
	text := keyText(cell)
	if isNull(text) {
		return 0, nil
	}
	digits := WholePart(text)
	reason, advice := damage(text)
	if reason == "" && !roundedDigits(digits) && onlyDigits(digits) {
		if id, err := strconv.ParseInt(digits, 10, 64); err == nil && id > 0 {
			return id, nil
		}
	}
	switch {
	case reason != "":
	case roundedDigits(digits):
		reason = "is an id that a spreadsheet may have rounded: it keeps 15 digits and ends the rest in zeros"
		advice = "export the list again and format the column as text before saving"
	case onlyDigits(strings.NewReplacer(",", "", ".", "", " ", "", "'", "").Replace(text)):
		reason, advice = "is not an id", elsewise(column, "an id is a whole number above 0, written without marks between its digits")
	default:
		reason, advice = "is not an id", elsewise(column, "an id is a whole number")
	}
	return 0, &row.Problem{Column: column, Value: text, Reason: reason, Advice: advice}
}

// WholePart is a number without a .0, as data frames write a column with gaps,
// or a .00, as a sheet shows it that formats all numbers alike. With three
// zeros it may be thousands.
func WholePart(number string) string {
	return strings.TrimSuffix(strings.TrimSuffix(number, ".00"), ".0")
}

func onlyDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// roundedDigits reports whether a number is longer than a spreadsheet keeps
// and ends as one does that it has cut.
func roundedDigits(s string) bool {
	return len(s) > 15 && strings.HasSuffix(s, "0") && onlyDigits(s) && strings.Trim(s[:15], "0") != ""
}

// looksRounded reports whether the cell is a number like 1.23E+05.
func looksRounded(cell string) bool {
	i := strings.IndexAny(cell, "eE")
	if i < 1 || len(cell) > 30 {
		return false
	}
	mantissa, exponent := cell[:i], cell[i+1:]
	power := strings.TrimLeft(exponent, "+")
	// 12E4 may be a code; with a decimal mark or a sign it is a number.
	if len(power) == len(exponent) && !strings.ContainsAny(mantissa, ".,") {
		return false
	}
	whole, decimals, marked := strings.Cut(strings.Replace(mantissa, ",", ".", 1), ".")
	return onlyDigits(strings.TrimPrefix(whole, "-")) && onlyDigits(power) && (!marked || onlyDigits(decimals))
}
