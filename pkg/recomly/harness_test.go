package recomly_test

import (
	"context"
	"encoding/csv"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/engine"
	"github.com/refbulk/refbulk/pkg/fields"
	"github.com/refbulk/refbulk/pkg/ledger"
	"github.com/refbulk/refbulk/pkg/pace"
	"github.com/refbulk/refbulk/pkg/recomly"
	"github.com/refbulk/refbulk/pkg/retry"
	"github.com/refbulk/refbulk/pkg/sandbox"
	"github.com/refbulk/refbulk/pkg/sheet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a simulator, a folder, and the runs that are made there: the engine
// as the command uses it, without waits.
type rig struct {
	*testing.T
	server  *sandbox.Server
	folder  string
	workers int
	title   string                                          // of the results file, for the marks of its rows
	ctx     context.Context                                 // of the calls; nil = never ends
	wrap    func(inner http.RoundTripper) http.RoundTripper // nil = the simulator as it is
	log     strings.Builder                                 // of all runs, every call among it

	resource recomly.Resource // of the latest run
	survey   *engine.Survey
	totals   engine.Totals
}

// newRig starts a simulator, and sees to it that every scheduled fault hits.
func newRig(t *testing.T, o sandbox.Options) *rig {
	t.Helper()
	if o.Limit == 0 {
		o.Limit = -1
	}
	r := &rig{T: t, server: sandbox.New(o), folder: t.TempDir(), workers: 4}
	t.Cleanup(func() {
		if err := r.server.Close(); err != nil {
			t.Error(err)
		}
		r.wantNoSecrets()
		if unhit := r.server.UnhitFaults(); len(unhit) > 0 && !t.Failed() {
			t.Errorf("scheduled faults that never hit: %v", unhit)
		}
	})
	return r
}

const apiKey = "rk_live_example:made-up-secret"

// client is a client of the rig's simulator.
func (r *rig) client() *recomly.Client {
	r.Helper()
	transport := r.server.Transport()
	if r.wrap != nil {
		transport = r.wrap(transport)
	}
	return newClient(r.T, transport, "https://api.example.com", slog.New(slog.NewTextHandler(&r.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
}

func newClient(t *testing.T, transport http.RoundTripper, base string, log *slog.Logger) *recomly.Client {
	t.Helper()
	gate := pace.New(pace.Options{})
	t.Cleanup(func() { _ = gate.Close() })
	c, err := recomly.NewClient(api.Config{BaseURL: base, Token: apiKey, UserAgent: "test", Timeout: 250 * time.Millisecond, Gate: gate, Log: log, Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// brake stands where the gate would be slowed down.
type brake struct{}

func (brake) Hold(time.Duration) {}
func (brake) Halve()             {}

// line is a line of the results file, by column.
type line map[string]string

// run imports the text of a CSV, once, and gives its outcomes in file order.
// The error is why the run ended early.
func (r *rig) run(name string, o recomly.Options, text string) ([]line, error) {
	r.Helper()
	path := filepath.Join(r.folder, name+".csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		r.Fatal(err)
	}
	file, err := sheet.Open(path, sheet.Options{Known: fields.Known(recomly.Fields(name), nil)})
	if err != nil {
		r.Fatal(err)
	}
	defer file.Close()
	o.Log = slog.New(slog.NewTextHandler(&r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	r.resource, err = recomly.New(name, r.client(), o)
	if err != nil {
		return nil, err
	}
	results := filepath.Join(r.folder, name+".results.csv")
	book, err := ledger.Open(context.Background(), ledger.Options{Path: results})
	if err != nil {
		r.Fatal(err)
	}
	defer book.Close()
	loop := &retry.Loop{
		Policy: retry.Policy{Retries: 8, First: time.Millisecond, Most: time.Millisecond}, Brake: brake{},
		Window: time.Millisecond, MaxOutage: time.Second, Probe: r.resource.Probe,
	}
	e := engine.New(engine.Options{Rows: file.Rows, Resource: r.resource, Ledger: book, Loop: loop, Workers: r.workers, Name: r.title})
	ctx := r.ctx
	if ctx == nil {
		ctx = context.Background()
	}
	if err := r.resource.Open(e.Try(ctx, ctx)); err != nil {
		return nil, err
	}
	if _, err := r.resource.Match(file.Header()); err != nil {
		return nil, err
	}
	undo, err := ledger.OpenUndo(ctx, ledger.UndoOptions{
		Path: filepath.Join(r.folder, name+".undo.csv"), Columns: r.resource.UndoColumns(), Begun: time.Now(),
	})
	if err != nil {
		r.Fatal(err)
	}
	defer undo.Close()
	e.KeepUndo(undo)
	if r.survey, err = e.Survey(ctx); err != nil {
		r.Fatal(err)
	}
	if err := r.resource.Consent(r.survey.Notify); err != nil {
		return nil, err
	}
	ended := e.Run(ctx, ctx, r.survey)
	if r.totals, err = e.Finish(r.survey, file.Header(), nil, filepath.Join(r.folder, name+".failed.csv")); err != nil {
		r.Fatal(err)
	}
	return r.read(name + ".results.csv"), ended
}

// read gives the lines of a CSV of the rig's folder; none when it is not there.
func (r *rig) read(name string) []line {
	r.Helper()
	file, err := os.Open(filepath.Join(r.folder, name))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		r.Fatal(err)
	}
	defer file.Close()
	all, err := csv.NewReader(file).ReadAll()
	if err != nil {
		r.Fatal(err)
	}
	var lines []line
	for _, record := range all[1:] {
		l := line{}
		for i, cell := range record {
			l[all[0][i]] = cell
		}
		lines = append(lines, l)
	}
	return lines
}

// mustRun is run, when nothing may end it early.
func (r *rig) mustRun(name string, o recomly.Options, text string) []line {
	r.Helper()
	lines, err := r.run(name, o, text)
	if err != nil {
		r.Fatalf("the run of %s ended: %v", name, err)
	}
	return lines
}

// runUntilWrite is run, abandoned when its first write has been sent.
func (r *rig) runUntilWrite(name string, o recomly.Options, text string) {
	r.Helper()
	ctx, cancel := context.WithCancel(r.Context())
	first := new(atomic.Int64)
	first.Store(1)
	r.ctx, r.wrap = ctx, func(inner http.RoundTripper) http.RoundTripper { return cutting{inner, first, cancel} }
	defer func() { r.ctx, r.wrap = nil, nil }()
	if _, err := r.run(name, o, text); err == nil {
		r.Fatal("the run did not end when its answer was lost")
	}
}

// backdate makes a results file as it would be if all of its runs had been so
// much earlier.
func (r *rig) backdate(name string, by time.Duration) {
	r.Helper()
	path := filepath.Join(r.folder, name)
	text, err := os.ReadFile(path)
	if err != nil {
		r.Fatal(err)
	}
	instants := regexp.MustCompile(`,\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ,`)
	text = instants.ReplaceAllFunc(text, func(cell []byte) []byte {
		at, err := time.Parse(","+time.RFC3339+",", string(cell))
		if err != nil {
			r.Fatal(err)
		}
		return at.Add(-by).AppendFormat(nil, ","+time.RFC3339+",")
	})
	if err := os.WriteFile(path, text, 0o600); err != nil {
		r.Fatal(err)
	}
}

// wantNoSecrets looks through the log and every file for what nobody may read.
func (r *rig) wantNoSecrets() {
	r.Helper()
	texts := map[string]string{"the log": r.log.String()}
	entries, err := os.ReadDir(r.folder)
	if err != nil {
		r.Fatal(err)
	}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(r.folder, e.Name()))
		if err != nil {
			r.Fatal(err)
		}
		texts[e.Name()] = string(text)
	}
	secrets := []string{apiKey, "made-up-secret"}
	for _, a := range r.state().Advocates {
		secrets = append(secrets, a.PortalToken)
	}
	for where, text := range texts {
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				r.Errorf("%s holds the secret %q", where, secret)
			}
		}
	}
}

// wantStatuses compares the statuses of a run, one a row.
func (r *rig) wantStatuses(lines []line, want string) {
	r.Helper()
	var got []string
	for _, l := range lines {
		got = append(got, l["status"])
	}
	if strings.Join(got, " ") != want {
		for _, l := range lines {
			r.Logf("row %s: %s %s: %s", l["row"], l["target"], l["status"], l["error"])
		}
		r.Fatalf("statuses = %s, want %s", strings.Join(got, " "), want)
	}
}

func (r *rig) state() sandbox.RecomlyState   { return r.server.State().Recomly }
func (r *rig) counts() sandbox.RecomlyCounts { return r.server.Counts().Recomly }

// fault schedules one in its text form.
func fault(t *testing.T, text string) sandbox.Fault {
	t.Helper()
	f, err := sandbox.ParseFault(text)
	if err != nil {
		t.Fatal(err)
	}
	return f
}
