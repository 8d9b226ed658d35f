package fields

import (
	"strings"
	"unicode"

	"github.com/refbulk/refbulk/pkg/row"
)

// Value reads a cell that may hold any text, cleaned as Text does. What a
// spreadsheet wrote instead of the value is a problem, and a date of zeros is
// empty.
func Value(column, cell string) (string, *row.Problem) {
	text := Text(cell)
	if reason, advice := damage(text); reason != "" {
		return "", &row.Problem{Column: column, Value: text, Reason: reason, Advice: advice}
	}
	if isZeroDate(text) {
		return "", nil
	}
	return text, nil
}

// Word is a cell that is empty also when it says so in a word: NULL, n/a, -.
func Word(cell string) string {
	cell = Text(cell)
	if isNull(cell) {
		return ""
	}
	return cell
}

// Code reads a cell that holds one word which somebody else made up, such as
// the code of a link. An empty cell is "".
func Code(column, cell string) (string, *row.Problem) {
	code := keyText(cell)
	if isNull(code) {
		return "", nil
	}
	reason, advice := damage(code)
	switch {
	case reason != "":
	case strings.Contains(code, "://"):
		reason, advice = "is a link, not a code", "keep the code alone"
	case strings.ContainsFunc(code, unicode.IsSpace):
		reason, advice = "is not a code: it holds a space", elsewise(column, "a code is one word")
	default:
		return code, nil
	}
	return "", &row.Problem{Column: column, Value: code, Reason: reason, Advice: advice}
}

// isNull reports whether a cleaned cell says in a word that it is empty.
func isNull(text string) bool {
	const longest = len("(en blanco)")
	if len(text) > longest {
		return isZeroDate(text)
	}
	switch text {
	case "", "-", "--", "–", "—", `\N`:
		return true
	}
	for _, word := range []string{"null", "n/a", "na", "none", "nil", "(blank)", "(empty)", "(leer)", "(vide)", "(en blanco)", "undefined"} {
		if strings.EqualFold(text, word) {
			return true
		}
	}
	return isZeroDate(text)
}

// isZeroDate reports whether a cell is a date of which nothing is known:
// 0000-00-00, 0/0/00, 0000-00-00 00:00:00.
func isZeroDate(text string) bool {
	if len(text) < len("0/0/0") || text[0] != '0' {
		return false
	}
	day, _, _ := strings.Cut(text, " ")
	return strings.Trim(text, "0/.-: ") == "" && strings.Trim(day, "0") != "" &&
		(strings.Count(day, "/") == 2 || strings.Count(day, "-") == 2 || strings.Count(day, ".") == 2)
}

// damage says what a spreadsheet wrote into a cleaned cell instead of the
// value, "" when it is whole.
func damage(text string) (reason, advice string) {
	switch {
	case text == "":
	case strings.Trim(text, "#") == "" && len(text) > 2:
		return "is a column that was too narrow to show its value", "widen the column and export the list again"
	case isSheetError(text):
		return "is an error of the spreadsheet", "mend the formula, or paste its values as text"
	case looksRounded(text):
		return "is a number that a spreadsheet has rounded; its digits are lost",
			"export the list again and format the column as text before saving"
	}
	return "", ""
}

// isSheetError reports whether the cell is what a failed formula shows, in
// whatever language: #N/A, #REF!, #DIV/0!, #BEZUG!, #¿NOMBRE?.
func isSheetError(text string) bool {
	word, ok := strings.CutPrefix(text, "#")
	if !ok || len(word) > 24 {
		return false
	}
	switch word {
	case "N/A", "N/D", "NV", "I/T", "N/V", "GETTING_DATA", "¡REF", "¡VALOR":
		return true
	}
	if !strings.HasSuffix(word, "!") && !strings.HasSuffix(word, "?") {
		return false
	}
	word = strings.Trim(word, "!?¡¿")
	return word != "" && strings.TrimFunc(word, func(r rune) bool {
		return unicode.IsUpper(r) || r == '/' || r == '0' || r == '_'
	}) == ""
}

// elsewise adds to an advice what to do when the column holds something else.
func elsewise(column, advice string) string {
	return advice + "; if the column holds something else, ignore it with " + mapFlag(column, "-")
}
