package pkg

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/refbulk/refbulk/pkg/"

// mapLine is a line of the map in doc.go: a package, what it may import, and
// what it is for.
var mapLine = regexp.MustCompile(`^//\t(\w+) +← ([\w* ]*): (\S.*)\n$`)

// readMap reads the map of doc.go: package → what it may import.
func readMap(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	allowed := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		if !strings.Contains(line, "←") {
			continue
		}
		columns := mapLine.FindStringSubmatch(line)
		if columns == nil {
			t.Fatalf("doc.go: the line %q of the map is not package ← imports: what it is for", line)
		}
		allowed[columns[1]] = strings.Fields(columns[2])
	}
	return allowed
}

func TestTheMapNamesEveryPackageAndNoOther(t *testing.T) {
	allowed := readMap(t)
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var there []string
	for _, e := range entries {
		if e.IsDir() {
			there = append(there, e.Name())
			if _, ok := allowed[e.Name()]; !ok {
				t.Errorf("the folder %s stands on no line of the map in doc.go", e.Name())
			}
		}
	}
	for name := range allowed {
		if !slices.Contains(there, name) {
			t.Errorf("the map in doc.go has %s, which is no folder", name)
		}
	}
}

func TestNoImportGoesAgainstTheMap(t *testing.T) {
	allowed := readMap(t)
	files, err := filepath.Glob("*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		from := filepath.Dir(file)
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range parsed.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			to, ours := strings.CutPrefix(path, module)
			if !ours {
				continue
			}
			seen[from+" "+to] = true
			if may := allowed[from]; !slices.Contains(may, to) && !slices.Contains(may, "*") {
				t.Errorf("%s imports %s, which the map in doc.go does not allow", file, to)
			}
		}
	}
	for from, may := range allowed {
		for _, to := range may {
			if to != "*" && !seen[from+" "+to] {
				t.Errorf("the map in doc.go lets %s import %s, which it does not", from, to)
			}
		}
	}
}
