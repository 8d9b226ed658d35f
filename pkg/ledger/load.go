package ledger

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/refbulk/refbulk/pkg/batch"
	"github.com/refbulk/refbulk/pkg/compact"
)

// load reads the index and cuts off what a kill or a power cut left torn.
func (l *Ledger) load() error {
	info, err := l.file.Stat()
	if err != nil {
		return fmt.Errorf("reading the results file: %w", err)
	}
	end, err := l.scan(0, info.Size())
	if err != nil {
		return fmt.Errorf("reading the results file %s: %w", l.path, err)
	}
	if end < info.Size() && !l.readOnly {
		if err := l.file.Truncate(end); err != nil {
			return fmt.Errorf("cutting the torn end off the results file: %w", err)
		}
	}
	l.size, l.indexed = end, end
	return nil
}

// scan reads the entries between two offsets into the index, and finds where
// the last whole one ends. Every entry that was appended is one line, so what
// follows the last line break was torn; so were zeros at the end, which a power
// cut leaves. What else cannot be read was not torn but damaged, and nobody can
// tell what it said.
func (l *Ledger) scan(from, to int64) (end int64, err error) {
	if end, err = lastLineEnd(l.file, to); err != nil {
		return 0, err
	}
	if end == 0 {
		return 0, checkBeginning(l.file, to)
	}
	reader := newReader(bufio.NewReaderSize(io.NewSectionReader(l.file, from, end-from), 1<<16))
	if from == 0 {
		record, err := reader.Read()
		if err := checkHeader(record, err); err != nil {
			return 0, err
		}
		l.carried = slices.Clone(record[columnCount:])
		l.finished.loose = len(l.carried) > 0
	}
	zeros := 0 // the first line that holds them
	whole := from + reader.InputOffset()
	ahead := batch.NewAhead(func() (found, error) { return find(reader, from) })
	defer ahead.Close()
	for {
		f, err := ahead.Next()
		switch {
		case err == io.EOF:
			return whole, nil
		case err != nil:
			return 0, err
		case f.err != nil && f.zeros:
			zeros = cmp.Or(zeros, f.line)
		case f.err != nil:
			return 0, unfit("%s is damaged: %w; %s", where(from, f.line), f.err, takeCopy)
		case zeros > 0:
			return 0, unfit("%s is damaged: it holds zeros; %s", where(from, zeros), takeCopy)
		case l.index.keys.Len() == compact.MostPlaces:
			return 0, fmt.Errorf("it has more than %d rows; name another file with --results", compact.MostPlaces)
		default:
			whole = f.end
			if from == 0 {
				l.index.add(&f.entry, f.start)
			} else {
				l.index.addAppended(&f.entry, f.start)
			}
			l.finished.note(&f.entry, l.rehearsal)
			if n := l.index.keys.Len(); n == sample && from == 0 {
				l.index.keys.Expect(int(end * sample / whole))
			}
		}
	}
}

// sample is how many keys tell how many the whole file has, by the lines that
// they take.
const sample = 1024

// where names a line, counted from an offset. Only from the beginning of the
// file does its number say anything to a person.
func where(from int64, line int) string {
	if from > 0 {
		return "a line that this run wrote"
	}
	return fmt.Sprint("line ", line)
}

// found is an entry where it stands, or a line that cannot be read as one.
type found struct {
	entry      Entry
	start, end int64
	line       int // of one that cannot be read
	err        error
	zeros      bool // it holds bytes that are zero
}

// find reads the next line. An error is one of the file.
func find(reader *csv.Reader, from int64) (found, error) {
	f := found{start: from + reader.InputOffset()}
	record, err := reader.Read()
	if err == io.EOF || errors.As(err, new(*os.PathError)) {
		return f, err
	}
	f.entry, f.err = readEntry(record, err)
	f.end = from + reader.InputOffset()
	if f.err != nil {
		f.line = lineOf(reader, err)
		f.zeros = strings.Contains(strings.Join(record, ""), "\x00")
	}
	return f, nil
}

// lineOf is the line where the record begins that was read last, with the
// error that reading it gave.
func lineOf(reader *csv.Reader, err error) int {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return parse.StartLine
	}
	line, _ := reader.FieldPos(0)
	return line
}

// takeCopy is what to do about a file that another program has spoilt. A new one
// would have everything done again.
const takeCopy = "if another program saved the file, put back the copy from before; without this file, all that it records as done would be done again"

var (
	errNotResults = unfit("it is not a results file of refbulk: its first line is another; name another file with --results")
	errResaved    = unfit("a spreadsheet program has saved it in another form than it had; " + takeCopy)
)

// checkHeader looks at the first record. A byte order mark, which spreadsheet
// programs add, is nothing to stop at.
func checkHeader(record []string, err error) error {
	text := strings.TrimPrefix(strings.Join(record, ","), "\ufeff")
	switch ours := strings.Join(header, ","); {
	case err == nil && (text == ours || strings.HasPrefix(text, ours+",")):
		return nil
	case strings.HasPrefix(strings.NewReplacer(";", ",", "\t", ",", `"`, "").Replace(text), ours):
		return errResaved
	}
	return errNotResults
}

// checkBeginning refuses a file without a whole line, unless it is the
// beginning of ours.
func checkBeginning(file *os.File, size int64) error {
	first := headerLine(nil)
	if size > int64(len(first)) {
		return errNotResults
	}
	got := make([]byte, size)
	if _, err := file.ReadAt(got, 0); err != nil && err != io.EOF {
		return err
	}
	if !bytes.HasPrefix(first, got) {
		return errNotResults
	}
	return nil
}

func readEntry(record []string, err error) (Entry, error) {
	var parse *csv.ParseError
	if err != nil && !errors.As(err, &parse) {
		return Entry{}, err
	}
	if err != nil {
		return Entry{}, parse.Err
	}
	return decode(record)
}

// lastLineEnd is the offset after the last line break, 0 when there is none.
func lastLineEnd(file *os.File, size int64) (int64, error) {
	buf := make([]byte, 1<<12)
	for size > 0 {
		n := min(size, int64(len(buf)))
		if _, err := file.ReadAt(buf[:n], size-n); err != nil && err != io.EOF {
			return 0, err
		}
		if i := bytes.LastIndexByte(buf[:n], '\n'); i >= 0 {
			return size - n + int64(i) + 1, nil
		}
		size -= n
	}
	return 0, nil
}
