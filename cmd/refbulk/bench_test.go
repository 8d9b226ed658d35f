//go:build unix

package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

// release builds what make dist builds, for this machine.
func release(b *testing.B) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "refbulk")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := build.CombinedOutput(); err != nil {
		b.Fatalf("building refbulk: %v\n%s", err, text)
	}
	return path
}

// BenchmarkRelease is what make dist builds, for this machine: how large it
// is, how long it takes to say its version, and how long from its start until
// the first request of a small import is at the server.
func BenchmarkRelease(b *testing.B) {
	path := release(b)
	b.Run("version", func(b *testing.B) {
		info, err := os.Stat(path)
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			if text, err := exec.Command(path, "version").CombinedOutput(); err != nil {
				b.Fatalf("refbulk version: %v\n%s", err, text)
			}
		}
		b.ReportMetric(float64(info.Size())/1e6, "MB")
	})
	for _, tt := range []struct{ name, flags string }{{"without a limit", "--limit 0"}, {"with the limit of the machine", "--limiter local"}} {
		b.Run("first request "+tt.name, func(b *testing.B) {
			v := serve(b, sandbox.Options{})
			var all time.Duration
			for b.Loop() {
				b.StopTimer()
				dir := b.TempDir()
				write(b, dir, "list.csv", "email,first_name\nann@example.com,Ann\nben@example.com,Ben\ncas@example.com,Cas\n")
				cmd := exec.Command(path, strings.Fields("import users list.csv --campaign 1 --quiet --base-url "+v.url()+" "+tt.flags)...)
				cmd.Dir = dir
				cmd.Env = append(os.Environ(), "REFERRAL_FACTORY_TOKEN="+token, "XDG_STATE_HOME="+dir)
				var first time.Time
				note := sync.OnceFunc(func() { first = time.Now() })
				v.on(func(stage, *http.Request) { note() })
				b.StartTimer()
				began := time.Now()
				if text, err := cmd.CombinedOutput(); err != nil {
					b.Fatalf("refbulk import: %v\n%s", err, text)
				}
				all += first.Sub(began)
			}
			b.ReportMetric(all.Seconds()*1e3/float64(b.N), "ms-to-request")
		})
	}
}

// BenchmarkLimit sends 1,200 rows at the vendor's 600 a minute: two windows, of
// which the second begins a minute after the first. It takes that minute.
func BenchmarkLimit(b *testing.B) {
	const rows = 1200
	var people strings.Builder
	people.WriteString("email,first_name\n")
	for n := range rows {
		fmt.Fprintf(&people, "only-%d@example.com,New\n", n)
	}
	p := press(b, sandbox.Options{Limit: 600, Window: time.Minute})
	for b.Loop() {
		f := p.file(b, "only", 0, "--lookup", "off")
		write(b, f.dir, "list.csv", people.String())
		f.want(b, 0)
		createdOnce(b, f, rows)
	}
	b.ReportMetric(float64(p.within(b).WorstWindow), "calls-in-the-worst-minute")
}
