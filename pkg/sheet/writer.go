package sheet

import (
	"encoding/csv"
	"io"
)

// ReasonHeading heads the last column of a file of rows to mend: why each is
// there.
const ReasonHeading = "error"

// Writer writes CSV as RFC 4180 has it, in UTF-8, with every cell guarded. It
// belongs to one goroutine.
type Writer struct {
	csv     *csv.Writer
	guarded []string
}

// NewWriter returns a Writer that has written the header to w. A nil header
// writes none, for a file that is continued.
func NewWriter(w io.Writer, header []string) (*Writer, error) {
	cw := &Writer{csv: csv.NewWriter(w)}
	if header == nil {
		return cw, nil
	}
	return cw, cw.Write(header)
}

// Write writes one row. It is buffered until Flush.
func (w *Writer) Write(cells []string) error {
	w.guarded = w.guarded[:0]
	for _, c := range cells {
		w.guarded = append(w.guarded, Guard(c))
	}
	return w.csv.Write(w.guarded)
}

// Flush writes what is buffered and returns the first error there was.
func (w *Writer) Flush() error {
	w.csv.Flush()
	return w.csv.Error()
}
