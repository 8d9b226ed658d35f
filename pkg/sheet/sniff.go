package sheet

import (
	"bytes"
	"errors"
	"fmt"
)

// kind is what the first bytes of a file say it is, whatever its name says.
type kind int

const (
	kindText kind = iota
	kindWorkbook
)

// signatures of what is no table, and what to do about it.
var signatures = []struct{ magic, advice string }{
	{"\x1f\x8b", "it is compressed with gzip: unpack it first (gunzip) and use the file inside"},
	{"BZh", "it is compressed with bzip2: unpack it first and use the file inside"},
	{"\xfd7zXZ\x00", "it is compressed with xz: unpack it first and use the file inside"},
	{"\x28\xb5\x2f\xfd", "it is compressed with zstd: unpack it first and use the file inside"},
	{"7z\xbc\xaf\x27\x1c", "it is a 7z archive: unpack it first and use the file inside"},
	{"Rar!\x1a\x07", "it is a RAR archive: unpack it first and use the file inside"},
	{"%PDF", "it is a PDF: ask for the list as CSV or XLSX"},
	{"\x89PNG", "it is a picture (PNG): ask for the list as CSV or XLSX"},
	{"\xff\xd8\xff", "it is a picture (JPEG): ask for the list as CSV or XLSX"},
	{"GIF8", "it is a picture (GIF): ask for the list as CSV or XLSX"},
	{"{\\rtf", "it is an RTF document: ask for the list as CSV or XLSX"},
	{"PAR1", "it is a Parquet file: export it as CSV"},
	{"SQLite format 3\x00", "it is an SQLite database: export the table as CSV"},
	{"\xff\xfe\x00\x00", "it is in UTF-32: save it as UTF-8"},
	{"\x00\x00\xfe\xff", "it is in UTF-32: save it as UTF-8"},
}

// sniff tells a workbook from text, and refuses what is neither.
func sniff(path string) (kind, error) {
	head, err := readHead(path, 8<<10)
	if err != nil {
		return 0, err
	}
	switch {
	case len(head) == 0:
		return 0, errors.New("it is empty: no rows")
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return kindWorkbook, sniffZip(path)
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
		return 0, sniffOLE(path)
	}
	for _, s := range signatures {
		if bytes.HasPrefix(head, []byte(s.magic)) {
			return 0, errors.New(s.advice)
		}
	}
	return kindText, sniffText(head)
}

// sniffText refuses markup and binary data.
func sniffText(head []byte) error {
	c, wide := wideByMark(head)
	if !wide {
		c, wide = wideByZeros(head)
	}
	if wide {
		head, _ = c.coding.NewDecoder().Bytes(head[:len(head)&^1])
	}
	head = bytes.TrimLeft(bytes.TrimPrefix(head, bom), " \t\r\n\ufeff")
	lower := bytes.ToLower(head)
	switch {
	case bytes.Contains(lower, []byte("urn:schemas-microsoft-com:office:spreadsheet")):
		return errors.New("it is an XML spreadsheet of 2003: open it in a spreadsheet program and save it as XLSX or CSV")
	case bytes.HasPrefix(lower, []byte("<?xml")):
		return errors.New("it is an XML file: export the list as CSV or XLSX")
	}
	for _, tag := range []string{"<html", "<!doctype html", "<table", "<head", "<body", "<meta", "<style", "<div"} {
		if bytes.HasPrefix(lower, []byte(tag)) {
			return errors.New("it is a web page, whatever its name says: open it in a spreadsheet program and save it as CSV or XLSX")
		}
	}
	for _, start := range []string{"{\"", "[{", "{\n", "{\r", "[\n", "[\r"} {
		if bytes.HasPrefix(head, []byte(start)) {
			return errors.New("it is JSON: export the list as CSV or XLSX")
		}
	}
	if n := controls(head); n*10 > len(head) {
		return fmt.Errorf("it is not text (%d of its first %d bytes are control characters): export the list as CSV or XLSX",
			n, len(head))
	}
	return nil
}

// controls counts bytes that text has no use for. NUL, Ctrl-Z and the unit
// separator are in exports of old programs.
func controls(head []byte) int {
	n := 0
	for _, b := range head {
		if b < ' ' && !bytes.ContainsRune([]byte("\t\n\v\f\r\x00\x1a\x1f"), rune(b)) {
			n++
		}
	}
	return n
}
