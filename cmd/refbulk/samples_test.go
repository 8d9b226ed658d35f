package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const samples = "../../samples"

// have skips a test whose tool is not there.
func have(t *testing.T, tool string) {
	t.Helper()
	if _, err := exec.LookPath(tool); err != nil {
		t.Skip(tool + " is not installed")
	}
}

func TestCronTakesTheCrontab(t *testing.T) {
	have(t, "crontab")
	if out, err := exec.Command("crontab", "-n", filepath.Join(samples, "refbulk.crontab")).CombinedOutput(); err != nil {
		if strings.Contains(string(out), "invalid option") {
			t.Skip("this crontab cannot check a file")
		}
		t.Errorf("crontab -n: %v\n%s", err, out)
	}
}

func TestSystemdTakesTheUnits(t *testing.T) {
	have(t, "systemd-analyze")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	args := []string{"verify"}
	for _, unit := range []string{"refbulk.service", "refbulk.timer"} {
		text, err := os.ReadFile(filepath.Join(samples, unit))
		if err != nil {
			t.Fatal(err)
		}
		// It looks for the program, too.
		path := filepath.Join(dir, unit)
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(text), "/usr/local/bin/refbulk", self)), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	if out, err := exec.Command("systemd-analyze", args...).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}

func TestPrometheusTakesTheAlertRules(t *testing.T) {
	have(t, "promtool")
	if out, err := exec.Command("promtool", "check", "rules", filepath.Join(samples, "alerts.yaml")).CombinedOutput(); err != nil {
		t.Errorf("promtool check rules: %v\n%s", err, out)
	}
}

// No tool of Kubernetes or Prometheus is asked for by these: the files are
// what they claim to be, and what they call is there.
func TestTheYAMLOfTheSamplesSaysWhatItIsMeantTo(t *testing.T) {
	var job struct {
		Kind string
		Spec struct {
			ConcurrencyPolicy string `yaml:"concurrencyPolicy"`
			JobTemplate       struct {
				Spec struct {
					Template struct {
						Spec struct {
							Containers []struct{ Args []string }
						}
					}
				}
			} `yaml:"jobTemplate"`
		}
	}
	load(t, "cronjob.yaml", &job)
	containers := job.Spec.JobTemplate.Spec.Template.Spec.Containers
	if job.Kind != "CronJob" || job.Spec.ConcurrencyPolicy != "Forbid" || len(containers) != 1 || len(containers[0].Args) < 2 || containers[0].Args[0] != "run" {
		t.Errorf("cronjob.yaml is %+v", job)
	}
	var alerts struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	load(t, "alerts.yaml", &alerts)
	metrics, err := os.ReadFile("../../pkg/report/metrics.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range alerts.Groups[0].Rules {
		i := strings.Index(rule.Expr, "refbulk_")
		name, _, _ := strings.Cut(rule.Expr[max(i, 0):], " ")
		if i < 0 || !strings.Contains(string(metrics), `"`+name+`"`) {
			t.Errorf("%s asks for %q, which no run writes", rule.Alert, name)
		}
	}
}

func load(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(samples, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}
