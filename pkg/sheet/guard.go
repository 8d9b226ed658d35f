package sheet

import "strings"

// A spreadsheet runs a cell that begins with one of these as a formula.
const triggers = "=+-@\t\r"

// triggered reports whether cell is, but for apostrophes in front, one that a
// spreadsheet would run.
func triggered(cell string) bool {
	rest := strings.TrimLeft(cell, "'")
	return rest != "" && strings.IndexByte(triggers, rest[0]) >= 0
}

// Guard puts an apostrophe before a cell that a spreadsheet would run as a
// formula, so that it shows it as text instead. A cell that looks guarded
// already gets one more, so that Unguard always gives back the cell.
func Guard(cell string) string {
	if triggered(cell) {
		return "'" + cell
	}
	return cell
}

// Unguard is the inverse of Guard: it takes one apostrophe off a guarded cell.
func Unguard(cell string) string {
	if strings.HasPrefix(cell, "'") && triggered(cell) {
		return cell[1:]
	}
	return cell
}
