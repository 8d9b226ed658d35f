package sheet

import (
	"encoding/xml"
	"math"
	"strconv"
	"strings"
	"time"
)

// format is what matters of a cell style's number format.
type format struct {
	date, clock bool // shows a day, a time of day
	elapsed     bool // shows hours beyond 24
	percent     bool
	dollars     bool // shows the sign
	digits      int  // as many, with zeros in front
}

// dateSystem is how a workbook counts days.
type dateSystem int

const (
	date1900 dateSystem = iota
	date1904            // of old Macs
)

// readFormats reads the number formats of the cell styles.
func (wb *workbook) readFormats(part string) error {
	custom := map[string]string{}
	inCells := false
	return wb.each(part, func(dec *xml.Decoder, el xml.StartElement) error {
		switch el.Name.Local {
		case "numFmt":
			custom[attr(el, "numFmtId")] = attr(el, "formatCode")
		case "cellXfs", "cellStyleXfs", "dxfs":
			inCells = el.Name.Local == "cellXfs"
		case "xf":
			if !inCells {
				break
			}
			id := attr(el, "numFmtId")
			f := builtinFormat(id)
			if code, ok := custom[id]; ok {
				f = parseFormat(code)
			}
			wb.formats = append(wb.formats, f)
		}
		return nil
	})
}

// builtinFormat knows the formats that have a number only: ECMA-376 part 1,
// 18.8.30, with those of the East Asian editions.
func builtinFormat(id string) format {
	n, err := strconv.Atoi(id)
	switch {
	case err != nil:
		return format{}
	case n == 9 || n == 10:
		return format{percent: true}
	case n >= 5 && n <= 8, n == 42, n == 44:
		return format{dollars: true} // a program of another country writes the code of its own sign beside it
	case n >= 14 && n <= 17, n >= 27 && n <= 31, n == 36, n >= 50 && n <= 58:
		return format{date: true}
	case n >= 18 && n <= 21, n >= 32 && n <= 35, n == 45, n == 47:
		return format{clock: true}
	case n == 22:
		return format{date: true, clock: true}
	case n == 46:
		return format{elapsed: true}
	}
	return format{}
}

// parseFormat reads a format code such as [$-409]d/m/yy\ h:mm;@. An m is a
// month, or minutes beside hours or seconds, so that it tells nothing alone.
func parseFormat(code string) format {
	var f format
	letters := bareFormat(code, &f)
	if strings.EqualFold(strings.TrimSpace(letters), "general") {
		return format{}
	}
	if letters != "" && strings.Trim(letters, "0") == "" && len(letters) > 1 {
		return format{digits: len(letters)}
	}
	letters = strings.ToLower(letters)
	f.percent = strings.Contains(letters, "%")
	f.dollars = f.dollars || strings.Contains(letters, "$")
	f.clock = strings.ContainsAny(letters, "hs") || strings.Contains(letters, "am/pm")
	f.date = strings.ContainsAny(letters, "yd") || !f.clock && !f.elapsed && strings.Contains(letters, "m")
	return f
}

// bareFormat drops from the first section of a format what is shown as it
// stands: quoted text, escaped characters, colours and locales.
func bareFormat(code string, f *format) string {
	var b strings.Builder
	for i := 0; i < len(code); i++ {
		switch c := code[i]; c {
		case ';':
			return b.String()
		case '"', '[':
			end := map[byte]string{'"': `"`, '[': "]"}[c]
			n := strings.Index(code[i+1:], end)
			if n < 0 {
				return b.String()
			}
			inside := strings.ToLower(code[i+1 : i+1+n])
			if c == '[' && inside != "" && strings.Trim(inside, inside[:1]) == "" && strings.Contains("hms", inside[:1]) {
				f.elapsed = true
			}
			f.dollars = f.dollars || c == '"' && inside == "$" || strings.HasPrefix(inside, "$$")
			i += n + 1
		case '\\', '_', '*':
			f.dollars = f.dollars || c == '\\' && strings.HasPrefix(code[i+1:], "$")
			i++
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// appendNumber appends a stored number as a person would type it: plain
// digits, or an ISO date where the format shows one.
func (f format) appendNumber(out, stored []byte, days dateSystem) []byte {
	text := strings.TrimSpace(string(stored))
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return append(out, text...)
	}
	switch {
	case f.elapsed:
		return appendElapsed(out, v)
	case f.date || f.clock:
		if t, ok := days.time(v); ok {
			return t.AppendFormat(out, f.timeLayout(v))
		}
	case f.percent:
		return append(append(out, plainNumber(v*100)...), '%')
	case f.dollars:
		return appendDollars(out, v)
	}
	if !isDigits(text) {
		text = plainNumber(v)
	}
	if f.digits > len(text) && isDigits(text) {
		text = strings.Repeat("0", f.digits-len(text)) + text
	}
	return append(out, text...)
}

func isDigits(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }

// plainNumber writes a number with 15 significant digits, which is what
// spreadsheets keep, and without an exponent.
func plainNumber(v float64) string {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 15, 64), 64)
	if err != nil {
		rounded = v
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}

// timeLayout returns the layout for a day, a time, or both.
func (f format) timeLayout(v float64) string {
	switch {
	case !f.clock:
		return time.DateOnly
	case !f.date && v < 1:
		return time.TimeOnly
	}
	return "2006-01-02T15:04:05"
}

// time returns the moment that v days stand for, rounded to the second. In the
// system of 1900 day 60 is a 29 February that never was: the days before it
// are off by one.
func (d dateSystem) time(v float64) (time.Time, bool) {
	const lastDay = 2958466 // the end of the year 9999
	if v < 0 || v >= lastDay {
		return time.Time{}, false
	}
	epoch := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	switch {
	case d == date1904:
		epoch = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	case v < 60:
		epoch = time.Date(1899, 12, 31, 0, 0, 0, 0, time.UTC)
	}
	day, part := math.Modf(v)
	return epoch.AddDate(0, 0, int(day)).Add(time.Duration(math.Round(part*86400)) * time.Second), true
}

// appendDollars appends an amount as the spreadsheet shows it, and writes it into
// a CSV: a bare 25 may be taken for cents.
func appendDollars(out []byte, v float64) []byte {
	if v < 0 {
		out, v = append(out, '-'), -v
	}
	text := plainNumber(v)
	if whole, cents, _ := strings.Cut(text, "."); len(cents) < 2 {
		text = whole + "." + (cents + "00")[:2]
	}
	return append(append(out, '$'), text...)
}

// appendElapsed appends days as hours, minutes and seconds.
func appendElapsed(out []byte, v float64) []byte {
	if v < 0 || v > 1e6 {
		return append(out, plainNumber(v)...)
	}
	s := int64(math.Round(v * 86400))
	out = strconv.AppendInt(out, s/3600, 10)
	return time.Unix(s%3600, 0).UTC().AppendFormat(out, ":04:05")
}
