package fields

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Normalize is a heading in words: lower case, without accents, marks and
// invisible characters, one space where anything but letters and digits
// stood, and without a star or a word for "required" in brackets at its end.
// "E-Mail*" and "e_mail (required)" are both "e mail".
func Normalize(header string) string {
	header = strings.ToLower(norm.NFKD.String(Text(header)))
	header = cutRequired(header)
	var b strings.Builder
	gap := false
	for _, r := range header {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
			if gap && b.Len() > 0 {
				b.WriteByte(' ')
			}
			gap = false
			b.WriteRune(r)
		default:
			gap = true
		}
	}
	return b.String()
}

// key is the form in which headings are compared: normalised, and without the
// spaces, so that FirstName, first_name and First Name are one.
func key(header string) string {
	return strings.ReplaceAll(Normalize(header), " ", "")
}

// keysOf is the set of the headings' keys.
func keysOf(headings []string) map[string]bool {
	keys := make(map[string]bool, len(headings))
	for _, h := range headings {
		keys[key(h)] = true
	}
	return keys
}

// cutRequired takes the mark of a field that must be filled in off a heading
// that is in lower case and decomposed.
func cutRequired(header string) string {
	for {
		header = strings.TrimRight(header, " *:")
		i := strings.LastIndexByte(header, '(')
		if i < 0 || !strings.HasSuffix(header, ")") {
			return header
		}
		switch norm.NFC.String(strings.Trim(header[i:], "() *")) {
		case "required", "obligatoire", "requis", "erforderlich", "pflichtfeld", "obligatorio", "requerido",
			"verplicht", "obrigatório", "obbligatorio", "wymagane", "必須", "必填":
			header = header[:i]
		default:
			return header
		}
	}
}

// cutMeta finds the label in a heading like meta:City.
func cutMeta(header string) (label string, ok bool) {
	header = Text(header)
	if len(header) > len(Meta) && strings.EqualFold(header[:len(Meta)], Meta) {
		return strings.TrimSpace(header[len(Meta):]), true
	}
	return "", false
}

// cutCustom finds the label of a field that the owner of a shop or an account
// made himself: "Birth date (customer.metafields.facts.birth_date)" and
// "tag (metadata)". Whatever it is called, it is no field of a person.
func cutCustom(header string) (label string, ok bool) {
	header = Text(header)
	i := strings.LastIndexByte(header, '(')
	if i < 0 || !strings.HasSuffix(header, ")") {
		return "", false
	}
	inside := strings.ToLower(header[i+1 : len(header)-1])
	if inside == "metadata" || strings.Contains(inside, "metafields.") {
		return strings.TrimSpace(header[:i]), true
	}
	return "", false
}
