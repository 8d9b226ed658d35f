package fields

import (
	"slices"
	"strings"
	"unicode"
)

// Name is a first name or another word that people are called by. A cell that
// holds an e-mail address, an error of the spreadsheet or only marks names
// nobody; NULL and N/A do only in upper case, because people are called Null.
func Name(cell string) string {
	name := collapse(Text(cell))
	if strings.IndexByte(name, '@') >= 0 {
		name = nameBeside(name)
	}
	switch {
	case name == "NULL" || name == "N/A" || name == `\N`:
		return ""
	case isSheetError(name), strings.IndexFunc(name, names) < 0:
		return ""
	}
	return name
}

// names reports whether a character can be a whole name: letters and emoji
// can, dashes and dots cannot.
func names(r rune) bool {
	return r > 0x7f && !unicode.IsPunct(r) && !unicode.IsSpace(r) || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

// NameBeside is the name in a cell of an address that has one: Jane Doe in
// Jane Doe <jane@example.com>. It is "" when there is none.
func NameBeside(cell string) string {
	if strings.IndexByte(cell, '@') < 0 {
		return ""
	}
	text := keyText(cell)
	if _, bad := extract(text); bad.reason != "" {
		return ""
	}
	return Name(nameBeside(text))
}

// nameBeside is what stands before an address in brackets; "" when there is an
// address and nothing beside it. A handle like @jane is no address.
func nameBeside(text string) string {
	if i := strings.LastIndexAny(text, "<("); i >= 0 && strings.IndexByte(text[i:], '@') >= 0 {
		if text = text[:i]; strings.IndexByte(text, '@') >= 0 {
			return ""
		}
		return collapse(Text(strings.Trim(strings.TrimSpace(text), `"“”`)))
	}
	if _, bad := extract(keyText(text)); bad.reason == "" || bad.several {
		return ""
	}
	return text
}

// What may stand before and after a name without being one.
var (
	titles = []string{"dr", "prof", "mr", "mrs", "ms", "miss", "mx", "herr", "frau", "monsieur", "madame", "mme", "mlle", "señor", "señora",
		"sra", "srta", "senhor", "senhora", "dott", "dra", "dhr", "mevr", "mevrouw"}
	suffixes = []string{"jr", "sr", "ii", "iii", "iv", "md", "phd", "esq", "mba", "cpa", "dds", "jd"}
)

// FirstOf is the first name in a full name: the first word that is not a
// title, or with "Doe, Jane" the first such word after the comma. A word
// without a letter is none: Mr & Mrs Doe have not told theirs.
func FirstOf(full string) string {
	full, rest, _ := strings.Cut(Name(full), ",")
	for part := range strings.SplitSeq(rest, ",") {
		if part = strings.TrimSpace(part); part != "" && !among(suffixes, part) {
			full = part
			break
		}
	}
	words := strings.Fields(full)
	for len(words) > 1 && among(titles, words[0]) {
		words = words[1:]
	}
	if len(words) == 0 || strings.IndexFunc(words[0], unicode.IsLetter) < 0 {
		return ""
	}
	return words[0]
}

func among(list []string, word string) bool {
	return slices.Contains(list, strings.ReplaceAll(strings.ToLower(word), ".", ""))
}
