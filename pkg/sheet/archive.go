package sheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"path"
	"strings"
	"unicode/utf16"
)

// sniffZip tells an XLSX workbook from the other things that are zip files.
func sniffZip(file string) error {
	z, err := zip.OpenReader(file)
	if err != nil {
		return fmt.Errorf("it is a damaged zip or XLSX file (%w): export it again", err)
	}
	defer z.Close()
	has := map[string]bool{}
	var names []string
	for _, f := range z.File {
		name := strings.TrimPrefix(strings.ReplaceAll(f.Name, `\`, "/"), "/")
		has[strings.ToLower(name)] = true
		if strings.HasSuffix(name, ".iwa") {
			has["iwa"] = true
		}
		if !strings.HasSuffix(name, "/") && !strings.HasPrefix(name, "__MACOSX") && !strings.HasPrefix(path.Base(name), ".") {
			names = append(names, fmt.Sprintf("%q", name))
		}
	}
	switch {
	case has["xl/workbook.bin"]:
		return errors.New("it is an XLSB workbook: save it as XLSX or CSV")
	case has["xl/workbook.xml"], has["_rels/.rels"] && hasPrefix(has, "xl/"):
		return nil
	case has["iwa"], has["index.zip"]:
		return errors.New("it is a Numbers document: export it as CSV or Excel from Numbers (File, Export To)")
	case has["content.xml"] && has["mimetype"]:
		return errors.New("it is an OpenDocument file (.ods): save it as XLSX or CSV")
	case has["word/document.xml"]:
		return errors.New("it is a Word document: ask for the list as CSV or XLSX")
	case has["[content_types].xml"] && !hasPrefix(has, "ppt/"):
		return nil // odd part names; the workbook's own index decides
	case len(names) == 0:
		return errors.New("it is an empty zip file: no rows")
	}
	shown := names[:min(len(names), 5)]
	return fmt.Errorf("it is a zip file of %s (%s): unpack it and use the one that is meant",
		plural(len(names), "file"), list(shown, len(names)))
}

func hasPrefix(names map[string]bool, prefix string) bool {
	for n := range names {
		if strings.HasPrefix(n, prefix) {
			return true
		}
	}
	return false
}

// sniffOLE says what a file in the container of old Office programs is, by
// the names in its directory, which are in UTF-16.
func sniffOLE(path string) error {
	head, err := readHead(path, 16<<20)
	if err != nil {
		return err
	}
	has := func(name string) bool {
		var wide []byte
		for _, u := range utf16.Encode([]rune(name)) {
			wide = append(wide, byte(u), byte(u>>8))
		}
		return bytes.Contains(head, append(wide, 0, 0))
	}
	switch {
	case has("EncryptedPackage"):
		return errors.New("it is protected with a password: remove the password in the spreadsheet program and save it again")
	case has("Workbook"), has("Book"):
		return errors.New("it is an old .xls workbook: open it in a spreadsheet program and save it as XLSX or CSV")
	case has("WordDocument"):
		return errors.New("it is a Word document: ask for the list as CSV or XLSX")
	}
	return errors.New("it is a file of an old Office program: save it as XLSX or CSV")
}
