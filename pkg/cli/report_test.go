package cli

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

func TestAReportOfARunUnderWaySaysThatItHasNotEnded(t *testing.T) {
	r := newRig(t, sandbox.Options{})
	r.file("p.csv", "email,first_name\njane@example.com,Jane\njoe@example.com,Joe\nann@example.com,Ann\n")
	results := filepath.Join(r.dir, "p.results.csv")
	var meanwhile []string
	to, err := url.Parse(r.env["REFBULK_BASE_URL"])
	if err != nil {
		t.Fatal(err)
	}
	to.Path = ""
	proxy := httputil.NewSingleHostReverseProxy(to)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method == http.MethodPost && strings.HasSuffix(req.URL.Path, "/users") {
			_, text, _ := r.run("report", results)
			meanwhile = append(meanwhile, text)
		}
		proxy.ServeHTTP(w, req)
	}))
	defer front.Close()
	r.env["REFBULK_BASE_URL"] = front.URL + sandbox.BasePath
	r.imports(ExitDone, "p.csv", "--campaign", "1", "--workers", "1")
	if len(meanwhile) != 3 || !strings.HasPrefix(meanwhile[2], "p.results.csv: 3 rows so far; the run has not ended.\n") {
		t.Errorf("while three rows were sent the reports say %q", meanwhile)
	}
	if _, text, _ := r.run("report", results); !strings.HasPrefix(text, "All 3 rows of p.results.csv are done.\n") {
		t.Errorf("when it has ended the report says %q", text)
	}
}
