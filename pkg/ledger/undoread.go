package ledger

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/refbulk/refbulk/pkg/sheet"
)

// undone is what a line of the undo file says of itself.
type undone struct {
	key       Key
	tentative bool
}

// place is what is kept in memory of a line: where it stands, and its number.
type place struct {
	offset int64
	change int64
}

// undoFile is what there is to know of an undo file.
type undoFile struct {
	columns []string
	change  int   // place of the column with a change's number
	key     int   // and of that with the key of the row that made it
	last    int   // the highest number of a change
	end     int64 // after the last whole line
	loose   bool  // it is as a run that did not end left it

	rehearsed bool // there are lines of a rehearsal
}

// readUndo calls each, if there is one, with every line of an undo file and
// its cells, which are good until the next. It gives nil when there is no
// file.
func readUndo(path string, each func(undone, place, []string) error) (*undoFile, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	whole, err := lastLineEnd(file, info.Size())
	if err != nil {
		return nil, err
	}
	reader := newReader(bufio.NewReaderSize(io.NewSectionReader(file, 0, whole), 1<<16))
	f, err := readUndoHeader(reader)
	if err != nil {
		return nil, err
	}
	skipped := int64(0) // bytes before the reader's first, once a line cannot be read
	for before, unread := 0, 0; ; {
		at := place{offset: reader.InputOffset()}
		record, err := reader.Read()
		if err == io.EOF {
			return f, nil
		}
		if err != nil && !errors.As(err, new(*csv.ParseError)) {
			return nil, err
		}
		line, number, ok := f.line(record)
		if err != nil || !ok {
			unread = cmp.Or(unread, lineOf(reader, err)) // torn, if it is the end
			if err != nil {
				// A quote that nobody closes takes in all lines behind it.
				from, err := nextLine(file, skipped+at.offset, whole)
				if err != nil {
					return nil, err
				}
				skipped, reader = from, newReader(bufio.NewReader(io.NewSectionReader(file, from, whole-from)))
			}
			continue
		}
		if unread > 0 {
			return nil, unfit("line %d is damaged; if another program saved the file, put back the copy from before, or name another file with --undo", unread)
		}
		f.rehearsed = f.rehearsed || line.key.Rehearsal
		f.loose = f.loose || line.tentative || before != 0 && number > before
		before, f.last, f.end = number, max(f.last, number), reader.InputOffset()
		if at.change = int64(number); each != nil {
			if err := each(line, at, record); err != nil {
				return nil, err
			}
		}
	}
}

// readUndoHeader tells an undo file from others by its first line.
func readUndoHeader(reader *csv.Reader) (*undoFile, error) {
	first, err := reader.Read()
	if len(first) > 0 {
		first[0] = strings.TrimPrefix(first[0], "\ufeff") // which spreadsheet programs add
	}
	change, key := slices.Index(first, changeColumn), slices.Index(first, keyColumn)
	if err != nil || change < 0 || key < 0 {
		return nil, unfit("it is not an undo file of refbulk; name another file with --undo")
	}
	f := &undoFile{change: change, key: key, end: reader.InputOffset()}
	for _, c := range first {
		f.columns = append(f.columns, sheet.Unguard(c))
	}
	return f, nil
}

// nextLine is where the line ends that begins at an offset of a file of so many
// bytes.
func nextLine(file *os.File, offset, size int64) (int64, error) {
	line := bufio.NewReader(io.NewSectionReader(file, offset, size-offset))
	for {
		part, err := line.ReadSlice('\n')
		offset += int64(len(part))
		if err != bufio.ErrBufferFull {
			return min(offset, size), ignoreEOF(err)
		}
	}
}

func ignoreEOF(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// line reads what a line says of itself, and the number of its change.
func (f *undoFile) line(record []string) (line undone, number int, ok bool) {
	if len(record) != len(f.columns) {
		return undone{}, 0, false
	}
	digits, tentative := strings.CutSuffix(record[f.change], "?")
	n, err := strconv.Atoi(digits)
	if err != nil {
		return undone{}, 0, false
	}
	k, err := ParseKey(record[f.key])
	return undone{key: k, tentative: tentative}, n, err == nil
}

// widen puts the lines as they stand under today's columns, those of a
// rehearsal too unless they are to be dropped.
func (u *Undo) widen(old *undoFile, dropRehearsed bool) error {
	return u.rewrite(old, func(yield func([]string, bool) error) error {
		_, err := readUndo(u.path, func(line undone, _ place, record []string) error {
			if line.key.Rehearsal && dropRehearsed {
				return nil
			}
			return yield(record, false)
		})
		return err
	})
}

// rewrite puts lines of the old file into a whole new one, under today's
// columns. Lines of changes that were made are no longer tentative.
func (u *Undo) rewrite(old *undoFile, lines func(yield func(record []string, made bool) error) error) error {
	whole, err := sheet.Create(u.path)
	if err != nil {
		return err
	}
	defer whole.Close()
	w, err := sheet.NewWriter(whole, u.columns)
	if err != nil {
		return err
	}
	cells := make([]string, len(u.columns))
	err = lines(func(record []string, made bool) error {
		clear(cells)
		for i, c := range old.columns {
			cells[u.place[c]] = sheet.Unguard(record[i])
		}
		if number := u.place[changeColumn]; made {
			cells[number] = strings.TrimSuffix(cells[number], "?")
		}
		return w.Write(cells)
	})
	if err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := u.giveUp(); err != nil {
		return err
	}
	return whole.Commit()
}
