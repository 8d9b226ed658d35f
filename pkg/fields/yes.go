package fields

import (
	"slices"
	"strings"

	"github.com/refbulk/refbulk/pkg/row"
)

// What spreadsheets and people write for yes and no, in lower case, in the
// order English, German, French, Spanish, Portuguese, Italian, Dutch, Nordic,
// Slavonic, others.
var (
	yesWords = []string{
		"true", "yes", "y", "t", "1", "1.0", "on", "x", "✓", "✔", "✅", "☑", "checked",
		"wahr", "ja", "j", "vrai", "oui", "o", "verdadero", "si", "sí", "s", "verdadeiro", "sim", "vero", "sì", "waar",
		"sand", "sann", "sant", "tosi", "kyllä", "prawda", "tak", "pravda", "ano", "áno", "истина", "да", "igaz", "igen",
		"doğru", "evet", "はい", "是", "예",
	}
	noWords = []string{
		"false", "no", "n", "f", "0", "0.0", "off", "✗", "✘", "❌", "☐", "unchecked",
		"falsch", "nein", "faux", "non", "falso", "não", "nao", "onwaar", "nee",
		"falsk", "usann", "falskt", "epätosi", "nej", "nei", "ei", "fałsz", "nie", "nepravda", "ne", "ложь", "нет", "hamis", "nem",
		"yanlış", "hayır", "いいえ", "否", "아니요",
	}
)

// Yes reads a yes or no as spreadsheets in several languages write it. An
// empty cell, or one that says NULL, is neither: known is false.
func Yes(column, cell string) (yes, known bool, problem *row.Problem) {
	text := Text(cell)
	switch text {
	case "TRUE", "true", "1", "yes":
		return true, true, nil
	case "FALSE", "false", "0", "no":
		return false, true, nil
	case "-", "--", "–", "—": // no, or not known: nothing tells
	default:
		if isNull(text) {
			return false, false, nil
		}
	}
	word := strings.TrimSpace(strings.TrimRight(strings.ToLower(text), "\ufe0f!."))
	switch {
	case slices.Contains(yesWords, word):
		return true, true, nil
	case slices.Contains(noWords, word):
		return false, true, nil
	}
	return false, false, &row.Problem{Column: column, Value: text, Reason: "is neither yes nor no", Advice: elsewise(column, "write yes or no")}
}
