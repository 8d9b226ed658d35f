// Package sheet reads a CSV, TSV or XLSX file, whatever program wrote it, as
// rows with positions, and writes CSV that no spreadsheet will run.
//
// Open finds out what the file is, or refuses it with what to do instead.
// Rows gives a *csv.Reader that yields the header and then one record of the
// header's width for each data row; a row that cannot be used is yielded all
// the same, with a Fault in its Position. What cells mean is not known here.
package sheet

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
)

// Defaults of Options.
const (
	// DefaultMaxCell is twice what Excel allows in one cell.
	DefaultMaxCell = 64 << 10
	// DefaultMaxColumns is where contact systems stop too.
	DefaultMaxColumns = 1000
	// DefaultMaxUnzipped is about what a full XLSX sheet of a million rows and
	// thirty columns unpacks to.
	DefaultMaxUnzipped = 1 << 30
)

// Options overrules what Open would find out by itself. The zero value
// detects everything.
type Options struct {
	// Sheet names the sheet of a workbook. Default: the first visible one
	// that has a header.
	Sheet string
	// HeaderRow is the line of the file (for XLSX the sheet row), counted from
	// 1, on which the header stands. Default: detected.
	HeaderRow int
	// Delimiter is one ASCII character. Default: comma, semicolon, tab or
	// pipe, whichever fits.
	Delimiter rune
	// Encoding is a name such as utf-8, utf-16le, windows-1252, macintosh.
	// Default: detected.
	Encoding string
	// Known tells which field a header cell names, "" for none. It finds the
	// header below titles and decides between delimiters. Without it the first
	// row that is not blank is the header.
	Known func(header string) string
	// MaxCell is the longest cell, in bytes; a longer one is a Fault. Default:
	// DefaultMaxCell.
	MaxCell int
	// MaxColumns is the widest header; a wider file is refused. Default:
	// DefaultMaxColumns.
	MaxColumns int
	// MaxUnzipped is the most, in bytes, that a part of a workbook may unpack
	// to. Default: DefaultMaxUnzipped.
	MaxUnzipped int64
	// TempDir is where a workbook is unpacked. Default: os.TempDir.
	TempDir string
}

func (o Options) withDefaults() Options {
	if o.MaxCell == 0 {
		o.MaxCell = DefaultMaxCell
	}
	if o.MaxColumns == 0 {
		o.MaxColumns = DefaultMaxColumns
	}
	if o.MaxUnzipped == 0 {
		o.MaxUnzipped = DefaultMaxUnzipped
	}
	return o
}

// Detected is what Open found out about a file.
type Detected struct {
	Format     string   // CSV, TSV or XLSX
	Encoding   string   // utf-8, windows-1252, …; empty for XLSX
	Delimiter  rune     // 0 for XLSX
	Sheet      string   // the sheet that is read; empty for text
	Others     []string // the workbook's other sheets, hidden ones included
	HeaderLine int      // the line of the file, or the row of the sheet, on which the header starts, counted from 1
	Notes      []string // a sentence each: what the reader should know
}

// File is an opened spreadsheet. Its methods may be called from several
// goroutines; each Rows belongs to one.
type File struct {
	shape    shape
	detected Detected
	// records starts a pass over the data rows.
	records func() (records, error)
	close   func() error
}

// Open finds out what the file at path is and reads its header. Its error is a
// sentence for the person who chose the file: what was found, and what to do.
func Open(path string, o Options) (*File, error) {
	o = o.withDefaults()
	if err := regular(path); err != nil {
		return nil, err
	}
	kind, err := sniff(path)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", path, err)
	}
	open := openText
	if kind == kindWorkbook {
		open = openWorkbook
	}
	f, err := open(path, o)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", path, err)
	}
	return f, nil
}

// regular refuses what cannot be read more than once.
func regular(path string) error {
	info, err := os.Stat(path)
	if failed := (*fs.PathError)(nil); errors.As(err, &failed) {
		err = failed.Err // which names the path no more
	}
	if err != nil {
		return fmt.Errorf("%q cannot be opened: %w", path, err)
	}
	if info.IsDir() {
		return fmt.Errorf("%q is a folder: name a CSV, TSV or XLSX file in it", path)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%q is not a regular file and can be read only once: pipe it in with - instead", path)
	}
	return nil
}

// Header returns the header's cells as they stand in the file, without byte
// order marks and without empty columns at the end.
func (f *File) Header() []string { return slices.Clone(f.shape.header) }

// Detected returns what Open found out.
func (f *File) Detected() Detected {
	d := f.detected
	d.Others, d.Notes = slices.Clone(d.Others), slices.Clone(d.Notes)
	return d
}

// Rows starts a pass over the file from the top. Passes do not disturb each
// other, and each sees the same rows. The caller closes it.
func (f *File) Rows() (*Rows, error) {
	recs, err := f.records()
	if err != nil {
		return nil, err
	}
	return newRows(f.shape, recs), nil
}

// Close removes what Open unpacked. No Rows may be in use.
func (f *File) Close() error {
	if f.close == nil {
		return nil
	}
	return f.close()
}
