package cli

import (
	"path/filepath"
	"testing"
)

// BenchmarkExport is the whole way of 20,000 users from the API to a file,
// against the simulator inside the process with the limit off.
func BenchmarkExport(b *testing.B) {
	const users = 20_000
	account := filepath.Join(b.TempDir(), "account.json")
	if err := members(users).Save(account); err != nil {
		b.Fatal(err)
	}
	for _, name := range []string{"users.csv", "users.xlsx", "users.jsonl"} {
		b.Run(name, func(b *testing.B) {
			file := filepath.Join(b.TempDir(), name)
			for b.Loop() {
				inSandbox(b, ExitDone, "export", "users", "-o", file, "--sandbox="+account, "--limit", "0", "--quiet")
			}
			b.ReportMetric(users*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
