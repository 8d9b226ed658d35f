package sheet

import (
	"encoding/xml"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// format is what matters of a cell style's number format.
type format struct {
	date, clock bool   // shows a day, a time of day
	elapsed     bool   // shows hours beyond 24
	percent     bool   // shows a share of 1
	dollars     bool   // shows the sign
	unit        string // of another currency, or a percent sign that is mere text
	digits      int    // as many, with zeros in front
	decimals    int    // as many, with zeros behind, up to two
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
	case n == 2, n == 4, n == 39, n == 40, n == 43:
		return format{decimals: 2}
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
		return format{dollars: f.dollars, unit: f.unit}
	}
	if letters != "" && strings.Trim(letters, "0") == "" && len(letters) > 1 && !f.dollars && f.unit == "" {
		return format{digits: len(letters)}
	}
	letters = strings.ToLower(letters)
	f.percent = strings.Contains(letters, "%")
	f.clock = strings.ContainsAny(letters, "hs") || strings.Contains(letters, "am/pm")
	f.date = strings.ContainsAny(letters, "yd") || !f.clock && !f.elapsed && strings.Contains(letters, "m")
	f.decimals = shownDecimals(letters)
	return f
}

// shownDecimals counts the zeros behind the point of a format, up to two: with
// more, what is written would look like thousands. Exponents and numbers shown
// in thousands have decimals of another number than the one that is stored.
func shownDecimals(letters string) int {
	_, behind, _ := strings.Cut(letters, ".")
	rest := strings.TrimLeft(behind, "0")
	if strings.HasPrefix(rest, ",") || strings.HasPrefix(rest, "e") {
		return 0
	}
	return min(len(behind)-len(rest), 2)
}

// bareFormat drops from the first section of a format what is shown as it
// stands: quoted text, escaped characters, colours and locales. It takes note
// of a currency among that.
func bareFormat(code string, f *format) string {
	var bare, shown strings.Builder
	for rest := code; rest != ""; {
		r, size := utf8.DecodeRuneInString(rest)
		rest = rest[size:]
		_, next := utf8.DecodeRuneInString(rest)
		switch {
		case r == ';':
			rest = ""
		case r == '"':
			var text string
			text, rest, _ = strings.Cut(rest, `"`)
			shown.WriteString(text)
		case r == '[':
			var inside string
			inside, rest, _ = strings.Cut(rest, "]")
			if symbol, ok := strings.CutPrefix(inside, "$"); ok {
				symbol, _, _ = strings.Cut(symbol, "-")
				f.beside(symbol, true)
			} else if hours := strings.ToLower(inside); hours != "" && strings.Trim(hours, hours[:1]) == "" && strings.Contains("hms", hours[:1]) {
				f.elapsed = true
			}
		case r == '\\':
			shown.WriteString(rest[:next])
			rest = rest[next:]
		case r == '_', r == '*':
			rest = rest[next:]
		case unicode.Is(unicode.Sc, r):
			shown.WriteRune(r)
		default:
			f.beside(shown.String(), false)
			shown.Reset()
			bare.WriteRune(r)
		}
	}
	f.beside(shown.String(), false)
	return bare.String()
}

// currencyCodes are those that sheets show beside amounts, dollars of the United
// States apart. Any three capitals may be something else: TEL, REF, PCS.
var currencyCodes = strings.Fields(`EUR GBP CHF CAD AUD NZD JPY CNY HKD SGD TWD KRW INR BRL MXN ARS CLP COP PEN
	SEK NOK DKK ISK PLN CZK HUF RON BGN TRY ILS AED SAR ZAR NGN KES EGP MAD THB IDR MYR PHP VND UAH`)

// beside takes note of a text that a format shows beside its number, if it is
// a currency, surely or by its look, or a percent sign.
func (f *format) beside(text string, surely bool) {
	text = strings.TrimSpace(text)
	code := slices.Contains(currencyCodes, text)
	switch {
	case text == "":
	case text == "$", strings.EqualFold(text, "US$"), strings.EqualFold(text, "USD"):
		f.dollars = true
	case surely, code, text == "%", strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Sc, r) }):
		f.unit = text
	}
}

// appendNumber appends a stored number as a person would type it: plain
// digits, or an ISO date where the format shows one. What makes a number more
// than its digits stays: €25.00 is no 25, which may be taken for cents.
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
	text = withDecimals(text, f.decimals)
	if f.unit != "" {
		text += " " + f.unit
	}
	return append(out, text...)
}

// withDecimals adds zeros to a plain number until it has n decimals.
func withDecimals(text string, n int) string {
	_, decimals, _ := strings.Cut(text, ".")
	switch missing := n - len(decimals); {
	case missing <= 0:
		return text
	case decimals == "":
		return text + "." + strings.Repeat("0", missing)
	default:
		return text + strings.Repeat("0", missing)
	}
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
	return append(append(out, '$'), withDecimals(plainNumber(v), 2)...)
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
