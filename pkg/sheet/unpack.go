package sheet

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// unpacker writes the data rows of a sheet to a temporary file as clean
// records, each with its sheet row, its fault and their lengths in front.
type unpacker struct {
	sifter
	headerRow int
	out       []byte

	hidden   int
	unnamed  map[int]int // rows with something in a column without a header
	merged   sightings
	uncached sightings
}

// unpacked is a sheet whose rows have been unpacked.
type unpacked struct{ file *scratch }

// unpack reads a whole sheet.
func (u *unpacker) unpack(wb *workbook, p page, dir string) (_ *unpacked, err error) {
	file, err := newScratch(dir)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, file.Close())
		}
	}()
	rows, err := wb.rows(p)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	rows.mergedBelow, rows.mergedWithin = u.headerRow, len(u.header)
	u.unnamed = map[int]int{}
	for {
		row, err := rows.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if row.number <= u.headerRow || len(row.cells) == 0 {
			continue
		}
		if err := u.add(file, row); err != nil {
			return nil, err
		}
	}
	u.merged, u.uncached = rows.merged, rows.uncached
	return &unpacked{file}, file.flush()
}

// add writes one row, if it is a data row.
func (u *unpacker) add(file *scratch, row *sheetRow) error {
	width := len(u.header)
	for i, text := range row.cells[min(width, len(row.cells)):] {
		if !blank(text) {
			u.unnamed[width+i]++
		}
	}
	cells := row.cells[:min(width, len(row.cells))]
	if !u.isData(cells, row.number) {
		return nil
	}
	if row.hidden {
		u.hidden++
	}
	fault := u.tooLong(cells)
	u.out = u.out[:0]
	for i, text := range cells {
		u.out = u.appendCell(u.out, i, text)
	}
	u.out = u.endRecord(u.out, len(cells))
	head := binary.AppendUvarint(nil, uint64(row.number))
	head = binary.AppendUvarint(head, uint64(len(fault)))
	head = binary.AppendUvarint(append(head, fault...), uint64(len(u.out)))
	return file.write(head, u.out)
}

// notes says what was noticed on the way.
func (u *unpacker) notes() []string {
	notes := u.left.notes()
	if u.hidden > 0 {
		notes = append(notes, fmt.Sprintf("%s hidden in the sheet (filtered, perhaps) and read all the same", plural(u.hidden, "row")))
	}
	if u.merged.n > 0 {
		notes = append(notes, fmt.Sprintf("%s of merged cells, the first %s: only the first cell of each has a value", plural(u.merged.n, "range"), u.merged.first))
	}
	if u.uncached.n > 0 {
		notes = append(notes, fmt.Sprintf("%s without a saved value, the first in %s, read as empty: open the file in a spreadsheet program and save it",
			plural(u.uncached.n, "formula"), u.uncached.first))
	}
	var columns []string
	for _, col := range slices.Sorted(maps.Keys(u.unnamed)) {
		columns = append(columns, fmt.Sprintf("%s (%s)", columnName(col+1), plural(u.unnamed[col], "row")))
	}
	if len(columns) > 0 {
		shown := columns[:min(len(columns), mostListed)]
		notes = append(notes, "not read, because it has no header: column "+list(shown, len(columns)))
	}
	return notes
}

// records starts a pass.
func (s *unpacked) records() (records, error) {
	src := io.NewSectionReader(s.file, 0, s.file.size)
	return &unpackedRows{in: bufio.NewReaderSize(src, 64<<10)}, nil
}

// Close removes the temporary file.
func (s *unpacked) Close() error { return s.file.Close() }

// unpackedRows reads what unpacker has written.
type unpackedRows struct {
	in  *bufio.Reader
	row int
}

func (r *unpackedRows) next(out []byte) ([]byte, Position, error) {
	line, err := binary.ReadUvarint(r.in)
	if err != nil {
		return out, Position{}, err // io.EOF at the end
	}
	r.row++
	fault, err := r.take(nil)
	if err == nil {
		out, err = r.take(out)
	}
	if err != nil {
		return out, Position{}, fmt.Errorf("reading the unpacked workbook: %w", err)
	}
	return out, Position{Row: r.row, Line: int(line), Fault: string(fault)}, nil
}

// take appends a piece that has its length in front.
func (r *unpackedRows) take(out []byte) ([]byte, error) {
	n, err := binary.ReadUvarint(r.in)
	if err != nil {
		return out, err
	}
	start := len(out)
	out = slices.Grow(out, int(n))[:start+int(n)]
	_, err = io.ReadFull(r.in, out[start:])
	return out, err
}

func (r *unpackedRows) notes() []string { return nil }
func (r *unpackedRows) Close() error    { return nil }
