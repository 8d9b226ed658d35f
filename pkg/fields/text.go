package fields

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Text is a cell without what nobody typed: invisible characters, all kinds of
// space around it, a non-breaking space inside it, and the ways in which
// exporters keep a spreadsheet from meddling with a value, ="00123" and '00123.
// Letters are in composed form and lines end in a line feed. Text of a Text is
// the same.
func Text(cell string) string {
	for {
		next := cell
		if !plainASCII(cell) {
			next = scrub(cell)
		}
		next = unprotect(strings.TrimSpace(unguard(next)))
		if next == cell {
			return cell
		}
		cell = next
	}
}

// plainASCII reports whether only printable ASCII stands in the cell, so that
// there is nothing to drop: nearly every cell of nearly every file.
func plainASCII(cell string) bool {
	for i := range len(cell) {
		if c := cell[i]; c < ' ' && c != '\n' && c != '\t' || c >= 0x7f {
			return false
		}
	}
	return true
}

// scrub makes one pass over a cell that is not plain.
func scrub(cell string) string {
	if scrubbed(cell) {
		return cell
	}
	cell = strings.ToValidUTF8(cell, "\ufffd")
	var b strings.Builder
	b.Grow(len(cell))
	before := rune(-1)
	for i, r := range cell {
		after, _ := utf8.DecodeRuneInString(cell[i+utf8.RuneLen(r):])
		if r = shown(before, r, after); r >= 0 {
			b.WriteRune(r)
			before = r
		}
	}
	return norm.NFC.String(b.String())
}

// scrubbed reports whether scrub would leave the cell as it is.
func scrubbed(cell string) bool {
	if !utf8.ValidString(cell) || !isComposed(cell) {
		return false
	}
	before := rune(-1)
	for i, r := range cell {
		after, _ := utf8.DecodeRuneInString(cell[i+utf8.RuneLen(r):])
		if shown(before, r, after) != r {
			return false
		}
		before = r
	}
	return true
}

// isComposed reports whether the letters are in composed form. The quick look
// costs no memory and is enough for most cells.
func isComposed(cell string) bool {
	return norm.NFC.QuickSpanString(cell) == len(cell) || norm.NFC.IsNormalString(cell)
}

// shown is what a careful person would type for a character between two
// others, or -1 for nothing.
func shown(before, r, after rune) rune {
	switch {
	case r == '\n' || r == '\t' || r > ' ' && r < 0x7f:
		return r
	case r == '\r':
		if after == '\n' {
			return -1
		}
		return '\n'
	case unicode.IsSpace(r):
		return ' '
	case isJoiner(r):
		// Families of emoji and Persian words are held together by these;
		// anywhere else they came along with a copy.
		if joins(before) && joins(after) {
			return r
		}
		return -1
	case unicode.IsControl(r) || invisible(r):
		return -1
	}
	return r
}

func isJoiner(r rune) bool { return r == '\u200c' || r == '\u200d' }

func joins(r rune) bool {
	return r > 0x9f && !unicode.IsSpace(r) && !invisible(r) && !isJoiner(r) && r != utf8.RuneError
}

// invisible reports whether a character shows nothing and says nothing: soft
// hyphen, zero-width space, marks of direction, byte order mark.
func invisible(r rune) bool {
	switch {
	case r == 0x00ad, r == 0x061c, r == 0x180e, r == 0x200b, r == 0x200e, r == 0x200f, r == 0xfeff:
		return true
	case r >= 0x202a && r <= 0x202e, r >= 0x2060 && r <= 0x2064, r >= 0x2066 && r <= 0x2069:
		return true
	}
	return false
}

// unguard takes the apostrophes of an export from before a tab or a line end.
func unguard(cell string) string {
	if cell == "" || cell[0] != '\'' {
		return cell
	}
	if rest := strings.TrimLeft(cell, "'"); rest != "" && (rest[0] == '\t' || rest[0] == '\n') {
		return rest
	}
	return cell
}

// unprotect undoes ="00123", and apostrophes before what a spreadsheet would
// take for a number or a formula. 't Hooft keeps his, and so does a number that
// one stands at both ends of. Before a formula the apostrophe may be the guard
// of an export, whatever the cell ends in.
func unprotect(cell string) string {
	if len(cell) < 2 {
		return cell
	}
	last := cell[len(cell)-1]
	switch {
	case cell[0] == '\'':
		rest := strings.TrimLeft(cell, "'")
		if rest != "" && (strings.IndexByte("+-=@", rest[0]) >= 0 || last != '\'' && rest[0] >= '0' && rest[0] <= '9') {
			return rest
		}
	case len(cell) > 2 && cell[0] == '=' && cell[1] == '"' && last == '"':
		inner := cell[2 : len(cell)-1]
		if strings.IndexByte(inner, '"') < 0 {
			return inner
		}
		// A quote that is not doubled ends the text: it is a real formula.
		if !strings.Contains(strings.ReplaceAll(inner, `""`, ""), `"`) {
			return strings.ReplaceAll(inner, `""`, `"`)
		}
	}
	return cell
}

// keyText is Text for cells that are compared and not shown, such as addresses
// and ids: wide and ornamental letters and digits are plain ones, and joiners
// are dropped too.
func keyText(cell string) string {
	cell = Text(cell)
	for !plainASCII(cell) {
		next := strings.Map(func(r rune) rune {
			if isJoiner(r) {
				return -1
			}
			return r
		}, cell)
		if next = Text(norm.NFKC.String(next)); next == cell {
			break
		}
		cell = next
	}
	return cell
}

// collapse makes one space of any space.
func collapse(text string) string {
	if !strings.Contains(text, "  ") && strings.IndexByte(text, '\n') < 0 && strings.IndexByte(text, '\t') < 0 {
		return text
	}
	return strings.Join(strings.Fields(text), " ")
}
