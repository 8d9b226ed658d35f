package sheet

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"sync"
	"time"
	"unicode/utf8"
)

// delimiters that are guessed, the most common first.
const delimiters = ",;\t|"

// separator matches the line by which programs tell Excel the delimiter.
var separator = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^"?(?i:sep)="?([!-/:-@[-` + "`" + `{-~\t])"?"?$`)
})

// text is a CSV or TSV file.
type text struct {
	path    string
	charset charset
	stamp   stamp
}

// stamp tells whether a file is still the one that was looked at.
type stamp struct {
	size     int64
	modified time.Time
}

func stampOf(path string) (stamp, error) {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}, err
	}
	return stamp{info.Size(), info.ModTime()}, nil
}

func openText(path string, o Options) (*File, error) {
	st, err := stampOf(path)
	if err != nil {
		return nil, err
	}
	c, notes, err := detectCharset(path, o.Encoding)
	if err != nil {
		return nil, err
	}
	t := text{path, c, st}
	skip := max(o.HeaderRow-1, 0)
	sep, err := t.separatorLine()
	if err != nil {
		return nil, err
	}
	if sep != 0 {
		notes = append(notes, fmt.Sprintf("line 1 names the delimiter, %s", delimiterName(sep)))
		skip = max(skip, 1)
	}
	l, err := t.layout(sep, skip, o)
	if err != nil {
		return nil, err
	}
	if err := l.refusal(o); err != nil {
		return nil, err
	}
	s := shape{header: l.cells(), delim: l.delim, maxCell: o.MaxCell, maxColumns: o.MaxColumns}
	line := l.rows[l.header].line
	if titles := l.rows[:l.header]; len(titles) > 0 {
		notes = append(notes, titlesNote("line", titles))
	}
	format := "CSV"
	if l.delim == '\t' {
		format = "TSV"
	}
	return &File{
		shape: s,
		detected: Detected{Format: format, Encoding: c.name, Delimiter: rune(l.delim),
			HeaderLine: line, Notes: notes},
		records: func() (records, error) { return t.records(s, line) },
	}, nil
}

// titlesNote says what was passed over on the way to the header.
func titlesNote(unit string, titles []sampled) string {
	var shown []string
	for _, r := range titles[:min(len(titles), mostListed)] {
		for _, c := range r.cells {
			if !blank([]byte(c)) {
				shown = append(shown, fmt.Sprintf("%s %d %q", unit, r.line, clip(c)))
				break
			}
		}
	}
	return fmt.Sprintf("%s above the header passed over: %s", plural(len(titles), "row"), list(shown, len(titles)))
}

// separatorLine returns the delimiter that a first line like sep=; names, or 0.
func (t text) separatorLine() (byte, error) {
	src, err := t.charset.open(t.path)
	if err != nil {
		return 0, err
	}
	m := newMender(shape{maxCell: DefaultMaxCell}, src)
	defer m.Close()
	m.skipBOM()
	end, _, _ := m.in.lineEnd(0)
	found := separator().FindSubmatch(m.in.bytes()[:min(end, 16)])
	if found == nil || found[1][0] == '"' {
		return 0, nil
	}
	return found[1][0], nil
}

// layout reads a sample with each delimiter that may be and keeps the best.
func (t text) layout(sep byte, skip int, o Options) (layout, error) {
	candidates := delimiters
	if sep != 0 {
		candidates = string(rune(sep))
	}
	if o.Delimiter != 0 {
		if o.Delimiter >= utf8.RuneSelf || o.Delimiter == '"' || o.Delimiter < ' ' && o.Delimiter != '\t' {
			return layout{}, fmt.Errorf("it cannot be split at %q: the delimiter has to be one ASCII character, such as ; or |", o.Delimiter)
		}
		candidates = string(o.Delimiter)
	}
	best := layout{header: -1}
	for i, d := range []byte(candidates) {
		src, err := t.charset.open(t.path)
		if err != nil {
			return best, err
		}
		l := layout{delim: d}
		if l.rows, err = sample(src, d, skip, o); err != nil {
			return best, err
		}
		l.header, l.known = findHeader(l.rows, o)
		l.steady = steadiness(l.rows, l.header)
		if i == 0 || l.better(best) {
			best = l
		}
	}
	return best, nil
}

// records starts a pass: it goes to the header and passes it.
func (t text) records(s shape, headerLine int) (records, error) {
	if err := t.isSteady(); err != nil {
		return nil, err
	}
	src, err := t.charset.open(t.path)
	if err != nil {
		return nil, err
	}
	m := newMender(s, steady{src, t})
	m.strict, m.cut = t.charset.strict, t.charset.wide && t.stamp.size%2 != 0
	m.skipLines(headerLine - 1)
	rec, err := m.parse()
	if err != nil && err != io.EOF {
		m.Close()
		return nil, err
	}
	m.in.consume(rec.size)
	m.line += rec.lines
	return m, nil
}

// isSteady returns an error when the file is not any more the one that was
// opened.
func (t text) isSteady() error {
	now, err := stampOf(t.path)
	if err != nil {
		return err
	}
	if now != t.stamp {
		return fmt.Errorf("%q has changed since it was opened: start again", t.path)
	}
	return nil
}

// steady reads a file as long as nobody writes into it. Rows are told by their
// numbers from one pass to the next: in the middle of a pass, those of a file
// that another program saved in its place would be taken for others.
type steady struct {
	io.ReadCloser
	text text
}

func (s steady) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	if changed := s.text.isSteady(); changed != nil {
		return 0, changed
	}
	return n, err
}

// delimiterName names a delimiter for a person.
func delimiterName(d byte) string {
	switch d {
	case ',':
		return "a comma"
	case ';':
		return "a semicolon"
	case '\t':
		return "a tab"
	case '|':
		return "a pipe"
	}
	return fmt.Sprintf("%q", d)
}
