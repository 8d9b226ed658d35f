package recomly

import (
	"strings"

	"github.com/refbulk/refbulk/pkg/row"
)

// maxNote is how many characters a row's own note may have. The API takes 200,
// and the mark needs the rest.
const maxNote = 160

// markOf is the short text that names the row in every run. The engine gives
// it.
func markOf(in *row.Intent) string { return in.Mark }

// markEnd closes a mark. Between the row's part of it and this stands the
// content's part: a row that was edited is another credit.
const markEnd = "]"

func contentMark(in *row.Intent) string {
	return "[" + markOf(in) + " " + in.Content.String()[:8] + markEnd
}

// creditNote is the note that a credit is sent with.
func creditNote(note string, in *row.Intent) string {
	return strings.TrimSpace(note + " " + contentMark(in))
}

// ofRow reports whether an entry of the ledger is this row's doing, if with
// another content; exact, whether the content is the same.
func ofRow(memo string, in *row.Intent) (row, exact bool) {
	return strings.Contains(memo, "["+markOf(in)+" "), strings.Contains(memo, contentMark(in))
}
