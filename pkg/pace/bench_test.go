package pace

import (
	"testing"
)

// benchmarkPass measures Enter and Leave where no slot is ever short: a limit of 600, most of them used.
func benchmarkPass(b *testing.B, store Store) {
	g := New(Options{Limit: 600, Window: 1, Peak: -1, Store: store})
	defer g.Close()
	for b.Loop() {
		pass, err := g.Enter(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		pass.Leave()
	}
}

func BenchmarkPassInProcess(b *testing.B) { benchmarkPass(b, nil) }

func BenchmarkPassByFile(b *testing.B) {
	benchmarkPass(b, OpenFile(b.TempDir(), "account", nil))
}

func BenchmarkPassByRedis(b *testing.B) {
	store, _ := startRedis(b).open(b)
	trusted(b, store)
	benchmarkPass(b, store)
}

func BenchmarkTableTakeFull(b *testing.B) {
	t := table{longest: 1}
	t.fit(600, 60)
	t.doubt(0)
	for b.Loop() {
		t.take(1, 1, 600, 60, 59)
	}
}
