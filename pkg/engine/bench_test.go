package engine_test

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"net/mail"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/gocarina/gocsv"

	"github.com/refbulk/refbulk/pkg/engine"
	"github.com/refbulk/refbulk/pkg/sandbox"
)

// BenchmarkSurvey reads and checks a file, as a plan does before it looks
// anything up, beside the plain loop over encoding/csv that somebody would
// write for the same: check the addresses, find the duplicates.
func BenchmarkSurvey(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		if n > 100_000 && testing.Short() {
			continue
		}
		path := filepath.Join(b.TempDir(), "people.csv")
		writePeople(b, path, n)
		measure := func(name string, once func(b *testing.B)) {
			b.Run(fmt.Sprintf("%s/rows=%d", name, n), func(b *testing.B) {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				for b.Loop() {
					once(b)
				}
				runtime.ReadMemStats(&after)
				total := float64(n) * float64(b.N)
				b.ReportMetric(total/b.Elapsed().Seconds(), "rows/s")
				b.ReportMetric(float64(after.Mallocs-before.Mallocs)/total, "allocs/row")
			})
		}
		measure("plain loop", func(b *testing.B) { plainLoop(b, path) })
		measure("gocsv alone", func(b *testing.B) { gocsvAlone(b, path) })
		server := sandbox.New(sandbox.Options{Limit: -1})
		r := begin(b, server, b.TempDir(), nil, engine.Options{})
		r.reopen(path)
		measure("survey", func(b *testing.B) {
			r.forget()
			s, err := r.engine.Survey(b.Context())
			if err != nil || s.Rows != n || s.Due != n {
				b.Fatalf("Survey() = %+v, %v; want %d rows", s, err, n)
			}
		})
		for _, c := range r.closing {
			r.must(c())
		}
		_ = server.Close()
	}
}

func writePeople(b testing.TB, path string, n int) {
	b.Helper()
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriter(file)
	fmt.Fprintln(w, strings.Join(header, ","))
	for i := range n {
		fmt.Fprintf(w, "create,person%d@example.com,Person %d,\n", i, i)
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := file.Close(); err != nil {
		b.Fatal(err)
	}
}

// gocsvAlone is what reading typed rows costs before anything is checked.
func gocsvAlone(b *testing.B, path string) {
	file, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	type person struct {
		Operation string `csv:"operation"`
		Email     string `csv:"email"`
		FirstName string `csv:"first_name"`
		Referrer  string `csv:"referrer_email"`
	}
	rows, err := gocsv.NewUnmarshaller(csv.NewReader(bufio.NewReader(file)), &person{})
	for err == nil {
		_, err = rows.Read()
	}
	if err != io.EOF {
		b.Fatal(err)
	}
}

func plainLoop(b *testing.B, path string) {
	file, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	reader := csv.NewReader(bufio.NewReader(file))
	seen := map[string]bool{}
	for {
		record, err := reader.Read()
		if err == io.EOF {
			return
		}
		if err != nil {
			b.Fatal(err)
		}
		email := strings.ToLower(strings.TrimSpace(record[1]))
		if _, err := mail.ParseAddress(email); err == nil && !seen[email] {
			seen[email] = true
		}
	}
}
