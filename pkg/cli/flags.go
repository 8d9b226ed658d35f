package cli

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/refbulk/refbulk/pkg/fields"
	"github.com/refbulk/refbulk/pkg/progress"
	"github.com/refbulk/refbulk/pkg/sheet"
)

// vendorsLimit stands for the limit that a vendor has unless told otherwise.
const vendorsLimit = math.MinInt

// vendorsWorkers stands for the number of workers that a vendor's API takes.
const vendorsWorkers = -1

// mostCounted is the largest --limit. Every request that it allows has a slot,
// which each request looks through, in memory and in the shared file, that
// keeps them for later runs too: with a million, they all take a fifth of a
// second. Who writes a huge number means none.
const mostCounted = 100000

// inMemory is the value of --sandbox without a file.
const inMemory = ":memory:"

// sandboxValue is the value of --sandbox: a file, or whether it is said at
// all.
type sandboxValue string

// Set implements pflag.Value.
func (s *sandboxValue) Set(text string) error {
	switch strings.ToLower(text) {
	case "1", "true", "yes":
		text = inMemory
	case "0", "false", "no":
		text = ""
	}
	*s = sandboxValue(text)
	return nil
}

// String implements pflag.Value.
func (s *sandboxValue) String() string { return string(*s) }

// Type implements pflag.Value.
func (*sandboxValue) Type() string { return "string" }

// firstRows is the value of --first: how many rows, or 0 for all. A person who
// writes 0 means none of them, and is not to be given all.
type firstRows int

// Set implements pflag.Value.
func (r *firstRows) Set(text string) error {
	if text == "all" {
		*r = 0
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return errors.New("not a number of rows")
	}
	*r = firstRows(n)
	return nil
}

// String implements pflag.Value.
func (r *firstRows) String() string {
	if *r == 0 {
		return "all"
	}
	return strconv.Itoa(int(*r))
}

// Type implements pflag.Value.
func (*firstRows) Type() string { return "rows" }

// accountFlags say which account is worked on, and how its API is called.
type accountFlags struct {
	provider, baseURL, tokenFile, sandbox string

	limit   int
	window  time.Duration
	limiter string
	retries int
	timeout time.Duration
	maxDown time.Duration
	peak    float64 // requests a second while slots are free; 0 = the gate's own

	readOnly bool // a plan: it leaves the account and all files as they are
}

func (a *accountFlags) add(f *pflag.FlagSet) {
	f.StringVar(&a.provider, "provider", "referral-factory", "whose API: referral-factory or recomly")
	f.StringVar(&a.baseURL, "base-url", "", "root of the API; plain http only to this machine (default the vendor's)")
	f.StringVar(&a.tokenFile, "token-file", "", "file that holds the API token; without it the variable REFERRAL_FACTORY_TOKEN or RECOMLY_API_KEY")
	f.Var((*sandboxValue)(&a.sandbox), "sandbox", "rehearse on a simulator inside this process; with a file, its account is kept there")
	f.Lookup("sandbox").NoOptDefVal = inMemory
	f.IntVar(&a.limit, "limit", vendorsLimit, "requests per --window over all processes of this account on this machine; 0 = none (recomly 120)")
	f.Lookup("limit").DefValue = "600"
	f.DurationVar(&a.window, "window", time.Minute, "the window of --limit")
	f.StringVar(&a.limiter, "limiter", "local", "where requests are counted: local (this machine), process, or redis://host:port/db")
	f.IntVar(&a.retries, "retries", 5, "tries after the first, per request")
	f.DurationVar(&a.timeout, "timeout", 40*time.Second, "longest wait for one answer")
	f.DurationVar(&a.maxDown, "max-outage", 15*time.Minute, "how long to wait for an API that is down before stopping, resumable")
}

// outputFlags say what is shown.
type outputFlags struct {
	progress, logFormat  string
	verbose, quiet, json bool

	report, metrics, notifyURL, notifyTemplate string
}

func (o *outputFlags) add(f *pflag.FlagSet) {
	o.addShown(f)
	f.StringVar(&o.report, "report", "", "write a page on the run into this file (HTML, one file, no network needed)")
	f.StringVar(&o.metrics, "metrics-file", "", "write metrics on the run into this file, for Prometheus's textfile collector")
	f.StringVar(&o.notifyURL, "notify-url", "", "POST the summary as JSON there when the run begins and ends; https, or this machine")
	f.StringVar(&o.notifyTemplate, "notify-template", "", "file with a template of what --notify-url is sent, for a chat (default the summary as JSON)")
}

// addShown adds those of what stands on the terminal.
func (o *outputFlags) addShown(f *pflag.FlagSet) {
	f.StringVar(&o.progress, "progress", string(progress.Auto), "auto (a bar on a terminal, a line every 30 s otherwise), plain or none")
	f.StringVar(&o.logFormat, "log-format", "text", "logs on standard error: text or json")
	f.BoolVar(&o.verbose, "verbose", false, "log every call")
	f.BoolVar(&o.quiet, "quiet", false, "say nothing when all went well")
	f.BoolVar(&o.json, "json", false, "print the summary as one JSON object")
}

// importFlags are the flags of import.
type importFlags struct {
	account accountFlags
	output  outputFlags

	operation, campaign   string
	maps                  []string
	sheet, delimiter      string
	headerRow             int
	encoding              string
	first                 int
	strict, notify        bool
	allowSameName         bool
	onExisting, lookup    string
	results, undo         string
	carry                 []string
	retryRejected         bool
	workers               int
	maxRejected           string
	maxDuration, lockWait time.Duration
	yes                   bool

	resource, file string
}

func (i *importFlags) add(f *pflag.FlagSet) {
	i.account.add(f)
	i.output.add(f)
	f.StringVar(&i.operation, "operation", "create", "what to do with rows that do not say")
	f.StringVar(&i.campaign, "campaign", "", "campaign id for rows that do not say")
	f.StringArrayVar(&i.maps, "map", nil, "'HEADER=field', repeatable; 'HEADER=meta:Label' fills a campaign field, 'HEADER=-' ignores a column")
	f.StringVar(&i.sheet, "sheet", "", "the sheet of a workbook (default the first with a header)")
	f.IntVar(&i.headerRow, "header-row", 0, "the line with the header (default detected)")
	f.StringVar(&i.delimiter, "delimiter", "", "what separates cells: comma, semicolon, tab, pipe, or the character (default detected)")
	f.StringVar(&i.encoding, "encoding", "", "of the text: utf-8, windows-1252, … (default detected)")
	f.Var((*firstRows)(&i.first), "first", "a trial: only so many rows, from the first on")
	f.BoolVar(&i.strict, "strict", false, "send nothing at all when any row is invalid")
	f.StringVar(&i.onExisting, "on-existing", "keep", "when create meets a user who is there: keep, update or fail")
	f.BoolVar(&i.allowSameName, "allow-same-name", false, "recomly: create a campaign although one of its name is there")
	f.BoolVar(&i.notify, "notify", false, "let the vendor write to each created person")
	f.StringVar(&i.lookup, "lookup", "auto", "how the present state is found: list (whole pages), each (one by one), auto (the cheaper), off (rows are sent blindly)")
	f.StringVar(&i.results, "results", "", "the results file (default FILE without its ending + .results.csv)")
	f.StringVar(&i.undo, "undo", "", "where the rows that would restore the former state go (default FILE without its ending + .undo.csv)")
	f.StringSliceVar(&i.carry, "carry", nil, "input columns copied into the results file: names, or all")
	f.BoolVar(&i.retryRejected, "retry-rejected", false, "send again rows the API refused although they have not changed")
	f.IntVar(&i.workers, "workers", vendorsWorkers, "rows in flight (recomly 1)")
	f.Lookup("workers").DefValue = "16"
	f.StringVar(&i.maxRejected, "max-rejected", "50%", "stop when more than this share of the rows tried (after the first 50) was refused")
	f.DurationVar(&i.maxDuration, "max-duration", 0, "stop cleanly, resumable, after this long (default none)")
	f.DurationVar(&i.lockWait, "lock-timeout", 0, "wait this long for another run on the same results or undo file")
	f.BoolVar(&i.yes, "yes", false, "do not ask before deleting, unqualifying, or settling rewards")
}

// wrongValue says what a flag takes, which stands under the name, in place of
// what a parser said.
func wrongValue(name string, err error) error {
	var wrong *pflag.InvalidValueError
	if !errors.As(err, &wrong) {
		return fmt.Errorf("%s: %w", name, err)
	}
	switch wrong.GetFlag().Value.Type() {
	case "bool":
		return fmt.Errorf("%s takes true or false, not %q", name, wrong.GetValue())
	case "int":
		return fmt.Errorf("%s takes a whole number, not %q", name, wrong.GetValue())
	case "rows":
		return fmt.Errorf("%s takes a number of rows from 1 on, or all, not %q", name, wrong.GetValue())
	case "duration":
		return fmt.Errorf("%s takes a time such as 30s, 5m or 2h, not %q", name, wrong.GetValue())
	}
	return fmt.Errorf("%s %q: %w", name, wrong.GetValue(), wrong.Unwrap())
}

// check finds what is wrong with the values, before anything else happens.
func (i *importFlags) check() error {
	v, err := vendorNamed(i.account.provider)
	if err != nil {
		return err
	}
	if err := v.has(i.resource); err != nil {
		return err
	}
	if err := i.account.check(v); err != nil {
		return err
	}
	if i.workers == vendorsWorkers {
		i.workers = v.workers
	}
	switch {
	case i.workers < 1 || i.workers > 1000:
		return fmt.Errorf("--workers %d: use 1 to 1000", i.workers)
	case i.file == "-" && i.results == "":
		return fmt.Errorf("standard input has no name: say with --results where the results go")
	}
	if err := i.output.check(); err != nil {
		return err
	}
	if err := haveFolders(named{"--results", i.results}, named{"--undo", i.undo}); err != nil {
		return err
	}
	return differ(i.files()...)
}

// files are all the files of a run.
func (i *importFlags) files() []named {
	return []named{
		{"FILE", i.file}, {"--results", i.resultsPath()}, {"--undo", i.undoPath()}, {"the file of rows to mend", i.failedPath()},
		{"--report", i.output.report}, {"--metrics-file", i.output.metrics}, {"--notify-template", i.output.notifyTemplate},
		{"--token-file", i.account.tokenFile}, {"--sandbox", i.account.sandbox},
	}
}

// check finds what is wrong with the account's values, and fills in the
// vendor's own limit and pace.
func (a *accountFlags) check(v vendor) error {
	if a.limit == vendorsLimit {
		a.limit, a.peak = v.limit, v.peak
	}
	switch {
	case a.sandbox != "" && a.baseURL != "":
		return fmt.Errorf("--sandbox and --base-url exclude each other: a rehearsal calls nobody")
	case a.limit < 0 || a.limit > mostCounted:
		return fmt.Errorf("--limit %d: use 0 for none, or a number of requests up to %d", a.limit, mostCounted)
	case a.window <= 0:
		return fmt.Errorf("--window %v: use a time longer than nothing", a.window)
	case a.retries < 0:
		return fmt.Errorf("--retries %d: use 0 or more", a.retries)
	case a.timeout <= 0:
		return fmt.Errorf("--timeout %v: use a time longer than nothing", a.timeout)
	}
	return haveFolders(named{"--sandbox", a.sandbox})
}

func (o *outputFlags) check() error {
	switch {
	case !slices.Contains([]progress.Mode{progress.Auto, progress.Plain, progress.None}, progress.Mode(o.progress)):
		return fmt.Errorf("--progress %q is none; use auto, plain or none", o.progress)
	case !slices.Contains([]string{"text", "json"}, o.logFormat):
		return fmt.Errorf("--log-format %q is none; use text or json", o.logFormat)
	}
	if err := checkPage("--report", o.report); err != nil {
		return err
	}
	return haveFolders(named{"--report", o.report}, named{"--metrics-file", o.metrics})
}

func (i *importFlags) campaignNumber() (int64, error) {
	if i.campaign == "" {
		return 0, nil
	}
	id, err := strconv.ParseInt(i.campaign, 10, 64)
	if err != nil || id <= 0 {
		return 0, fmt.Errorf("--campaign %q is not a campaign id, which is a whole number", i.campaign)
	}
	return id, nil
}

func (i *importFlags) mappings() ([]fields.Mapping, error) {
	var all []fields.Mapping
	for _, text := range i.maps {
		m, err := fields.ParseMapping(text)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

// carried finds the columns that --carry names.
func (i *importFlags) carried(header []string) ([]int, error) {
	var all []int
	if len(i.carry) == 1 && i.carry[0] == "all" {
		for n := range header {
			all = append(all, n)
		}
		return all, nil
	}
	for _, name := range i.carry {
		columns, err := fields.ColumnsNamed(header, "--carry", name)
		if err != nil {
			return nil, err
		}
		all = append(all, columns...)
	}
	return all, nil
}

// share reads 50%, 50 % or 0.5.
func (i *importFlags) share() (float64, error) {
	text := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(i.maxRejected), "%"))
	v, err := strconv.ParseFloat(text, 64)
	if strings.Contains(i.maxRejected, "%") {
		v /= 100
	}
	if err != nil || !(v >= 0 && v <= 1) { // nor NaN
		return 0, fmt.Errorf("--max-rejected %q: write a share such as 50%%", i.maxRejected)
	}
	return v, nil
}

// sheetOptions are what the person overrules of detection.
func (i *importFlags) sheetOptions(known func(string) string) (sheet.Options, error) {
	o := sheet.Options{Sheet: i.sheet, HeaderRow: i.headerRow, Encoding: i.encoding, Known: known}
	switch i.delimiter {
	case "":
	case "comma":
		o.Delimiter = ','
	case "semicolon":
		o.Delimiter = ';'
	case "tab", `\t`:
		o.Delimiter = '\t'
	case "pipe":
		o.Delimiter = '|'
	default:
		r := []rune(i.delimiter)
		if len(r) != 1 {
			return o, fmt.Errorf("--delimiter %q: use comma, semicolon, tab, pipe or one character", i.delimiter)
		}
		o.Delimiter = r[0]
	}
	return o, nil
}

// resultsPath is where the results go.
func (i *importFlags) resultsPath() string {
	if i.results != "" {
		return i.results
	}
	return stem(i.file) + ".results.csv"
}

// undoPath is where the rows go that take changes back.
func (i *importFlags) undoPath() string {
	if i.undo != "" {
		return i.undo
	}
	return strings.TrimSuffix(stem(i.resultsPath()), ".results") + ".undo.csv"
}

// failedPath is where the rows to mend go: beside the results, and never over
// the file that is being imported.
func (i *importFlags) failedPath() string {
	base := strings.TrimSuffix(stem(i.resultsPath()), ".results")
	path := base + ".failed.csv"
	for n := 2; sameFile(path, i.file); n++ {
		path = fmt.Sprintf("%s.failed-%d.csv", base, n)
	}
	return path
}

func stem(path string) string { return strings.TrimSuffix(path, filepath.Ext(path)) }
