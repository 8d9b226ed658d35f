package cli

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// BenchmarkImport is the whole pipeline on 10,000 rows, from the file to the
// finished results, against the simulator inside the process with the limit
// off: every outcome is durable before its worker makes another call.
func BenchmarkImport(b *testing.B) {
	const rows = 10_000
	var file bytes.Buffer
	file.WriteString("email,first_name,City\n")
	for i := range rows {
		fmt.Fprintf(&file, "person%d@example.com,Person %d,Utrecht\n", i, i)
	}
	args := func(dir string) []string {
		path := filepath.Join(dir, "people.csv")
		if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
			b.Fatal(err)
		}
		return []string{"import", "users", path, "--campaign", "1", "--sandbox", "--limit", "0", "--workers", "64", "--quiet"}
	}
	run := func(b *testing.B, args []string) {
		var errs bytes.Buffer
		code := Main(args, Streams{In: strings.NewReader(""), Out: io.Discard, Err: &errs}, func(string) (string, bool) { return "", false })
		if code != ExitDone {
			b.Fatalf("exit %d: %s", code, errs.String())
		}
	}
	measure := func(b *testing.B, once func()) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for b.Loop() {
			once()
		}
		runtime.ReadMemStats(&after)
		total := float64(rows) * float64(b.N)
		b.ReportMetric(total/b.Elapsed().Seconds(), "rows/s")
		b.ReportMetric(float64(after.Mallocs-before.Mallocs)/total, "allocs/row")
		b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/total, "B/row")
	}
	b.Run("every row sent", func(b *testing.B) {
		measure(b, func() {
			b.StopTimer()
			a := args(b.TempDir())
			b.StartTimer()
			run(b, a)
		})
	})
	b.Run("every row settled", func(b *testing.B) {
		a := args(b.TempDir())
		run(b, a)
		measure(b, func() { run(b, a) })
	})
}
