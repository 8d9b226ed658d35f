//go:build linux

package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

// BenchmarkMillion is a million rows: planned without look-ups, beside a plain
// loop that checks addresses and finds duplicates and Miller doing the same;
// imported, which takes a minute; and imported again when all is done.
func BenchmarkMillion(b *testing.B) {
	const rows = 1_000_000
	path, dir := release(b), b.TempDir()
	file, err := os.Create(filepath.Join(dir, "people.csv"))
	if err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriter(file)
	fmt.Fprintln(w, "email,first_name,referrer_email")
	for i := range rows {
		fmt.Fprintf(w, "person%d@example.com,Person %d,\n", i, i)
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := file.Close(); err != nil {
		b.Fatal(err)
	}
	b.Run("plain loop", func(b *testing.B) {
		for b.Loop() {
			if n := plainLoop(b, file.Name()); n != rows {
				b.Fatalf("the loop found %d people, want %d", n, rows)
			}
		}
		b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	})
	program := func(name string, args ...string) {
		b.Run(name, func(b *testing.B) {
			var peak float64
			var processor time.Duration
			for b.Loop() {
				cmd := exec.Command(args[0], args[1:]...)
				cmd.Dir = dir
				peak = max(peak, peakOf(b, cmd))
				processor += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
			}
			b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(peak, "peak-MiB")
			b.ReportMetric(processor.Seconds()/float64(b.N), "cpu-s")
		})
	}
	if miller, err := exec.LookPath("mlr"); err == nil {
		program("Miller", miller, "--icsv", "--ocsv", "filter", `$email =~ "^[^@ ]+@[^@ ]+[.][^@ ]+$"`, "then", "count-distinct", "-n", "-f", "email", "people.csv")
	} else {
		b.Log("Miller is not installed (apt-get install miller): not compared")
	}
	server := httptest.NewServer(welcome())
	defer server.Close()
	b.Setenv("REFERRAL_FACTORY_TOKEN", token)
	b.Setenv("XDG_STATE_HOME", dir)
	flags := strings.Fields("people.csv --campaign 1 --lookup off --limit 0 --workers 64 --progress none --base-url " + server.URL)
	program("plan", append([]string{path, "plan", "users"}, flags...)...)
	program("import", append([]string{path, "import", "users"}, flags...)...)
	program("settled import", append([]string{path, "import", "users"}, flags...)...)
}

// welcome has one campaign, creates everybody it is told to, and keeps nobody.
func welcome() http.Handler {
	var last atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.Method == http.MethodGet {
			_, _ = io.WriteString(w, `{"data":[{"id":1,"name":"Example"}],"meta":{"current_page":1,"last_page":1}}`)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"data":{"id":%d,"campaign_id":1,"code":"ueON","url":"https://example.com/ueON","type":"person_referring"}}`, last.Add(1))
	})
}

// peakOf runs a program, and gives the most memory that it held at once, in
// MiB. What the kernel tells of a child that has ended counts the memory of
// this process in, so it is asked while the child lives.
func peakOf(b *testing.B, cmd *exec.Cmd) (peak float64) {
	b.Helper()
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &text
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	status := fmt.Sprintf("/proc/%d/status", cmd.Process.Pid)
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case err := <-ended:
			if err != nil {
				b.Fatalf("%v: %v\n%s", cmd, err, &text)
			}
			return peak
		case <-time.After(5 * time.Millisecond):
			told, _ := os.ReadFile(status)
			var kib float64
			if _, after, found := bytes.Cut(told, []byte("VmHWM:")); found {
				_, _ = fmt.Sscan(string(after), &kib)
			}
			peak = max(peak, kib/1024)
		}
	}
}

func plainLoop(b *testing.B, path string) int {
	file, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	reader := csv.NewReader(bufio.NewReader(file))
	if _, err := reader.Read(); err != nil {
		b.Fatal(err)
	}
	seen := map[string]bool{}
	for {
		record, err := reader.Read()
		if err == io.EOF {
			return len(seen)
		}
		if err != nil {
			b.Fatal(err)
		}
		email := strings.ToLower(strings.TrimSpace(record[0]))
		if _, err := mail.ParseAddress(email); err == nil {
			seen[email] = true
		}
	}
}

// BenchmarkUpsert brings 100,000 people up to date of whom one in a hundred
// has changed: the pages that hold them all, and a request for each change.
func BenchmarkUpsert(b *testing.B) {
	const people, every = 100_000, 100
	path := release(b)
	state := &sandbox.State{Campaigns: []sandbox.Campaign{{ID: 1, Name: "One", Status: "launched"}}, NextUser: people + 1}
	var file strings.Builder
	file.WriteString("email,first_name\n")
	for i := range people {
		state.Users = append(state.Users, sandbox.User{ID: int64(i + 1), CampaignID: 1, Type: "person_referring",
			FirstName: fmt.Sprint("Person ", i), Email: fmt.Sprintf("person%d@example.com", i), Code: fmt.Sprint("code", i), SignedUpAt: "2025-03-01"})
		name := fmt.Sprint("Person ", i)
		if i%every == 0 {
			name = fmt.Sprint("Renamed ", i)
		}
		fmt.Fprintf(&file, "person%d@example.com,%s\n", i, name)
	}
	var requests, peak float64
	for b.Loop() {
		b.StopTimer()
		v, dir := serve(b, sandbox.Options{State: state}), b.TempDir()
		write(b, dir, "people.csv", file.String())
		cmd := exec.Command(path, strings.Fields("import users people.csv --campaign 1 --operation upsert --quiet --limit 0 --base-url "+v.url())...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "REFERRAL_FACTORY_TOKEN="+token, "XDG_STATE_HOME="+dir)
		b.StartTimer()
		peak = peakOf(b, cmd)
		requests = float64(v.Counts().Requests)
	}
	b.ReportMetric(requests, "requests")
	b.ReportMetric(people*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(peak, "peak-MiB")
}
