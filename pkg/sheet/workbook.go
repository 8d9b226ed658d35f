package sheet

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// A part that unpacks to more than bombSize bytes, and to more than bombRatio
// times what it is packed, is no sheet: a million empty formatted rows come to
// about 30 times.
const (
	bombSize  = 16 << 20
	bombRatio = 200
)

// page is one sheet of a workbook.
type page struct {
	name   string
	part   string
	hidden bool
}

// workbook is an opened XLSX file.
type workbook struct {
	zip     *zip.ReadCloser
	parts   map[string]*zip.File // by path, in lower case
	o       Options
	pages   []page
	formats []format // of the cell styles
	date    dateSystem
	strings *stringTable
}

// openArchive reads what a workbook says of itself, and its shared strings.
func openArchive(file string, o Options) (wb *workbook, err error) {
	z, err := zip.OpenReader(file)
	if err != nil {
		return nil, err
	}
	wb = &workbook{zip: z, parts: map[string]*zip.File{}, o: o}
	defer func() {
		if err != nil {
			err = errors.Join(err, wb.Close())
		}
	}()
	for _, f := range z.File {
		wb.parts[partName("", f.Name)] = f
	}
	main := "xl/workbook.xml"
	roots, err := wb.links("")
	if err != nil {
		return wb, err
	}
	for _, l := range roots {
		if l.kind == "officedocument" {
			main = l.part
		}
	}
	links, err := wb.links(main)
	if err != nil {
		return wb, err
	}
	if err := wb.readPages(main, links); err != nil {
		return wb, err
	}
	for _, l := range links {
		switch l.kind {
		case "styles":
			err = wb.readFormats(l.part)
		case "sharedstrings":
			wb.strings, err = wb.readStrings(l.part)
		}
		if err != nil {
			return wb, err
		}
	}
	return wb, nil
}

// Close closes the file and removes what was unpacked for it.
func (wb *workbook) Close() error {
	err := wb.zip.Close()
	if wb.strings != nil {
		err = errors.Join(err, wb.strings.Close())
	}
	return err
}

// partName resolves a part's path as programs write it, absolute, relative to
// base, or with backslashes, in whatever case.
func partName(base, name string) string {
	name = strings.ToLower(strings.ReplaceAll(name, `\`, "/"))
	if !strings.HasPrefix(name, "/") {
		name = path.Join("/", path.Dir(base), name)
	}
	return strings.TrimPrefix(path.Clean(name), "/")
}

// link is a relationship of a part: what it uses, and as what.
type link struct{ id, kind, part string }

// links reads the relationships of a part; a part may have none.
func (wb *workbook) links(part string) ([]link, error) {
	rels := path.Join(path.Dir(part), "_rels", path.Base(part)+".rels")
	if part == "" {
		rels = "_rels/.rels"
	}
	if wb.parts[partName("", rels)] == nil {
		return nil, nil
	}
	var links []link
	err := wb.each(rels, func(_ *xml.Decoder, el xml.StartElement) error {
		if el.Name.Local == "Relationship" && !strings.EqualFold(attr(el, "TargetMode"), "External") {
			links = append(links, link{
				id:   attr(el, "Id"),
				kind: strings.ToLower(path.Base(attr(el, "Type"))),
				part: partName(part, attr(el, "Target")),
			})
		}
		return nil
	})
	return links, err
}

// readPages reads the list of sheets and how dates count.
func (wb *workbook) readPages(main string, links []link) error {
	targets := map[string]string{}
	for _, l := range links {
		if l.kind == "worksheet" {
			targets[l.id] = l.part
		}
	}
	err := wb.each(main, func(_ *xml.Decoder, el xml.StartElement) error {
		switch el.Name.Local {
		case "workbookPr":
			if v := attr(el, "date1904"); v == "1" || v == "true" {
				wb.date = date1904
			}
		case "sheet":
			// Chart and dialog sheets have no rows.
			if part := targets[relID(el)]; part != "" {
				wb.pages = append(wb.pages, page{name: attr(el, "name"), part: part, hidden: hiddenState(el)})
			}
		}
		return nil
	})
	if err == nil && len(wb.pages) == 0 {
		err = errors.New("it is a workbook without a sheet of rows: export it again as XLSX or CSV")
	}
	return err
}

func hiddenState(el xml.StartElement) bool {
	state := attr(el, "state")
	return state != "" && state != "visible"
}

// relID returns the attribute that links a sheet to its part.
func relID(el xml.StartElement) string {
	for _, a := range el.Attr {
		if a.Name.Local == "id" && a.Name.Space != "" {
			return a.Value
		}
	}
	return ""
}

// open opens a part for reading, within what a workbook may unpack to.
func (wb *workbook) open(part string) (io.ReadCloser, error) {
	f := wb.parts[partName("", part)]
	if f == nil {
		return nil, fmt.Errorf("it is damaged (it has no part %q): export it again", part)
	}
	size := f.UncompressedSize64
	if size > uint64(wb.o.MaxUnzipped) {
		return nil, fmt.Errorf("it unpacks to %d MiB, more than the %d MiB allowed: export the list as CSV",
			size>>20, wb.o.MaxUnzipped>>20)
	}
	if size > bombSize && size > bombRatio*f.CompressedSize64 {
		return nil, fmt.Errorf("it unpacks to %d times its size, as a zip bomb does: export the list as CSV",
			size/max(f.CompressedSize64, 1))
	}
	r, err := f.Open()
	if err != nil {
		return nil, damaged(part, err)
	}
	return r, nil
}

func damaged(part string, err error) error {
	return fmt.Errorf("it is damaged (reading %s: %w): export it again", part, err)
}
