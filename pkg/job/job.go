// Package job reads job files: what is to be done every night, or once, as
// steps with the flags of the commands that they call. It knows no flag; who
// runs the steps checks them. A job file holds no secrets, and one that does
// is refused.
package job

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// Job is a job file that was read.
type Job struct {
	Path  string
	Steps []Step
}

// Step is one command to run.
type Step struct {
	Name     string // what the file calls it, or the command and what it works on
	Command  string // import or export
	Resource string
	File     string // of an import; may be a pattern, and relative to the job file
	Settings []Setting
}

// Setting is the value of a flag.
type Setting struct {
	Flag   string
	Values []string // one, but for a flag that may be repeated
	Line   int      // of the job file; 0 when it could not be found
	Shared bool     // it stands above the steps, and holds for those that have the flag
}

// Load reads a job file, and tells all that is wrong with it at once: then
// the job is what could be made of it, and nil when that is nothing.
func Load(path string) (*Job, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the job file: %w", err)
	}
	var tree map[string]any
	if _, err := toml.Decode(string(text), &tree); err != nil {
		var at toml.ParseError
		if errors.As(err, &at) {
			return nil, fmt.Errorf("reading the job file: %s: line %d: %s", path, at.Position.Line, at.Message)
		}
		return nil, fmt.Errorf("reading the job file: %s: %w", path, err)
	}
	r := reader{path: path, lines: strings.Split(string(text), "\n")}
	j := &Job{Path: path, Steps: r.steps(tree)}
	return j, errors.Join(r.errs...)
}

// Dir is the folder to which paths of the file are relative.
func (j *Job) Dir() string { return filepath.Dir(j.Path) }

// reader gathers what is wrong with a file while it reads it.
type reader struct {
	path  string
	lines []string
	errs  []error
}

func (r *reader) fail(line int, format string, args ...any) {
	where := r.path
	if line > 0 {
		where += fmt.Sprintf(": line %d", line)
	}
	r.errs = append(r.errs, fmt.Errorf("%s: %s", where, fmt.Sprintf(format, args...)))
}

// steps reads the tree: settings of all steps, and an array of tables.
func (r *reader) steps(tree map[string]any) []Step {
	common := maps.Clone(tree)
	delete(common, "step")
	shared := r.settings(common, 0)
	tables, ok := tree["step"].([]map[string]any)
	if !ok || len(tables) == 0 {
		r.fail(0, "it has no step; begin each with a line [[step]] and say in it import = \"users\" and file = \"…\"")
		return nil
	}
	for _, key := range []string{"import", "export", "file", "name"} {
		if _, there := common[key]; there {
			r.fail(r.find(key, 0), "%s belongs into a step, below a line [[step]]", key)
		}
	}
	steps := make([]Step, len(tables))
	names := map[string]bool{}
	for i, table := range tables {
		steps[i] = r.step(table, i+1, shared)
		if names[steps[i].Name] {
			steps[i].Name = fmt.Sprintf("%s (%d)", steps[i].Name, i+1)
		}
		names[steps[i].Name] = true
	}
	return steps
}

// step reads one table. Its settings win over those that all steps share.
func (r *reader) step(table map[string]any, n int, shared []Setting) Step {
	s := Step{}
	table = maps.Clone(table)
	take := func(key string) string {
		v, there := table[key]
		delete(table, key)
		text, ok := v.(string)
		if there && (!ok || text == "") {
			r.fail(r.find(key, n), "%s takes a text in quotes", key)
		}
		return text
	}
	imports, exports := take("import"), take("export")
	s.Name, s.File = take("name"), take("file")
	switch line := r.find("", n); {
	case imports != "" && exports != "":
		r.fail(line, "a step imports or exports, not both; make it two steps")
	case exports != "":
		s.Command, s.Resource = "export", exports
		if s.File != "" {
			r.fail(r.find("file", n), "an export has no file; say with output where it goes")
		}
	case imports != "":
		s.Command, s.Resource = "import", imports
		if s.File == "" {
			r.fail(line, "the step imports no file; say file = \"customers.csv\", or a pattern such as \"customers-*.csv\" for the newest")
		}
	default:
		r.fail(line, "the step says neither import = \"users\" nor export = \"users\"")
	}
	if s.Name == "" {
		s.Name = strings.TrimSpace(s.Command + " " + s.Resource)
	}
	s.Settings = r.settings(table, n)
	for _, common := range shared {
		if !slices.ContainsFunc(s.Settings, func(own Setting) bool { return own.Flag == common.Flag }) {
			s.Settings = append(s.Settings, common)
		}
	}
	return s
}

// settings reads the keys of a table in the order of their names; step 0 is
// what stands above all steps.
func (r *reader) settings(table map[string]any, step int) []Setting {
	var all []Setting
	for _, key := range slices.Sorted(maps.Keys(table)) {
		if slices.Contains([]string{"import", "export", "file", "name"}, key) {
			continue // told by steps
		}
		line := r.find(key, step)
		if secret(key) {
			r.fail(line, "%s: a job file holds no secrets; put the token into a file that only you can read and name that with token-file, or set its variable", key)
			continue
		}
		values, err := texts(table[key])
		if err != nil {
			r.fail(line, "%s: %v", key, err)
			continue
		}
		if slices.ContainsFunc(values, holdsPassword) {
			r.fail(line, "%s holds a password, and a job file holds no secrets; set the variable REFBULK_%s instead", key, strings.ToUpper(strings.ReplaceAll(key, "-", "_")))
			continue
		}
		all = append(all, Setting{Flag: key, Values: values, Line: line, Shared: step == 0})
	}
	return all
}
