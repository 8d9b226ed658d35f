//go:build unix

package cli

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// BenchmarkSend sends 100,000 rows, 64 at a time, to a server on this machine
// that only answers: refbulk, with each outcome on disk before the next row of
// its worker, beside the plain loop over net/http that somebody would write for
// the same, whose results are not synced. The server's work is in both.
func BenchmarkSend(b *testing.B) {
	const rows, atOnce = 100_000, 64
	server := httptest.NewServer(answering())
	defer server.Close()
	dir := b.TempDir()
	path := filepath.Join(dir, "people.csv")
	var file bytes.Buffer
	file.WriteString("email,first_name\n")
	for i := range rows {
		fmt.Fprintf(&file, "person%d@example.com,Person %d\n", i, i)
	}
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
	measure := func(name string, once func(b *testing.B, results string)) {
		b.Run(name, func(b *testing.B) {
			before := processorTime(b)
			n := 0
			for b.Loop() {
				n++
				once(b, filepath.Join(b.TempDir(), fmt.Sprint(n, ".csv")))
			}
			total := float64(rows) * float64(b.N)
			b.ReportMetric(total/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric((processorTime(b)-before).Seconds()/total*10_000, "cpu-s/10k-rows")
		})
	}
	measure("plain loop", func(b *testing.B, results string) {
		if err := plainSend(server.URL, path, results, atOnce); err != nil {
			b.Fatal(err)
		}
	})
	measure("refbulk", func(b *testing.B, results string) {
		env := map[string]string{"REFERRAL_FACTORY_TOKEN": "made-up", "XDG_STATE_HOME": dir}
		var errs bytes.Buffer
		code := Main([]string{
			"import", "users", path, "--campaign", "1", "--base-url", server.URL, "--lookup", "off", "--limit", "0",
			"--workers", strconv.Itoa(atOnce), "--results", results, "--quiet",
		}, Streams{In: strings.NewReader(""), Out: io.Discard, Err: &errs}, func(name string) (string, bool) { v, ok := env[name]; return v, ok })
		if code != ExitDone {
			b.Fatalf("exit %d: %s", code, errs.String())
		}
	})
}

// answering creates everybody it is told to, and keeps nobody.
func answering() http.Handler {
	var last atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("GET /campaigns", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"data":[{"id":1,"name":"Example","fields":[]}],"meta":{"current_page":1,"last_page":1,"per_page":250,"total":1},"links":{"next":null}}`)
	})
	mux.HandleFunc("POST /users", func(w http.ResponseWriter, r *http.Request) {
		var user struct {
			Email string `json:"email"`
		}
		if err := json.NewDecoder(r.Body).Decode(&user); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		id := last.Add(1)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"data":{"id":%d,"email":%q,"campaign_id":1,"code":"c%d","url":"https://example.com/c%d","type":"person_referring"}}`, id, user.Email, id, id)
	})
	return mux
}

// plainSend is a loop over net/http.
func plainSend(root, path, results string, atOnce int) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(results)
	if err != nil {
		return err
	}
	defer out.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: atOnce}}
	defer client.CloseIdleConnections()
	reader := csv.NewReader(bufio.NewReader(in))
	if _, err := reader.Read(); err != nil {
		return err
	}
	rows, lines := make(chan []string), make(chan []string)
	var group, writing errgroup.Group
	writing.Go(func() error {
		w := csv.NewWriter(out)
		for line := range lines {
			if err := w.Write(line); err != nil {
				return err
			}
		}
		w.Flush()
		return w.Error()
	})
	for range atOnce {
		group.Go(func() error {
			for row := range rows {
				line, err := plainCall(client, root, row)
				if err != nil {
					return err
				}
				lines <- line
			}
			return nil
		})
	}
	for {
		row, err := reader.Read()
		if err != nil {
			break
		}
		rows <- row
	}
	close(rows)
	err = group.Wait()
	close(lines)
	if writeErr := writing.Wait(); err == nil {
		err = writeErr
	}
	return err
}

func plainCall(client *http.Client, root string, row []string) ([]string, error) {
	body, err := json.Marshal(map[string]any{"email": row[0], "first_name": row[1], "campaign_id": 1, "notify": false})
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequest(http.MethodPost, root+"/users", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer made-up")
	r.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var answer struct {
		Data struct {
			ID   int64  `json:"id"`
			Code string `json:"code"`
			URL  string `json:"url"`
		} `json:"data"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return nil, err
	}
	return []string{row[0], strconv.FormatInt(answer.Data.ID, 10), answer.Data.Code, answer.Data.URL, strconv.Itoa(resp.StatusCode)}, nil
}

func processorTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
