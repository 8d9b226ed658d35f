package report

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// hook answers with a status, and keeps what it was sent.
func hook(t *testing.T, status int) (address string, body func() string) {
	t.Helper()
	got := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		for name := range r.Header {
			if strings.EqualFold(name, "Authorization") || strings.EqualFold(name, "Cookie") {
				t.Errorf("the notice carries %s", name)
			}
		}
		got <- string(text)
		w.Header().Set("Location", "https://example.com/elsewhere")
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/secret-part", func() string { return <-got }
}

var notice = Notice{Event: "finished", Text: `refbulk "x": done`, Step: "x", Summary: &Summary{Command: "import", Rows: 3, Statuses: map[string]int{"created": 3}}}

func post(t *testing.T, address, template string) error {
	t.Helper()
	n, err := NewNotifier(address, template)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	return n.Post(t.Context(), notice)
}

func TestANoticeIsTheSummaryAndASentence(t *testing.T) {
	address, body := hook(t, 200)
	if err := post(t, address, ""); err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(body()), &got); err != nil {
		t.Fatal(err)
	}
	if got["event"] != "finished" || got["text"] != `refbulk "x": done` || got["rows"] != 3.0 || got["command"] != "import" {
		t.Errorf("the notice is %v", got)
	}
}

func TestTheTemplateOfTheSamplesMakesWhatAChatTakes(t *testing.T) {
	template, err := os.ReadFile("../../samples/chat.json.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	address, body := hook(t, 204)
	if err := post(t, address, string(template)); err != nil {
		t.Fatal(err)
	}
	var got struct{ Text string }
	if err := json.Unmarshal([]byte(body()), &got); err != nil || got.Text != `✓ refbulk "x": done` {
		t.Errorf("the chat is told %q, %v", got.Text, err)
	}
}

func TestWhoDoesNotTakeANoticeIsNamedByHostAlone(t *testing.T) {
	for _, status := range []int{302, 404, 500} {
		address, body := hook(t, status)
		err := post(t, address, "")
		body()
		if err == nil || strings.Contains(err.Error(), "secret-part") || !strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("an answer %d gives %v", status, err)
		}
	}
	if err := post(t, "http://127.0.0.1:1/secret-part", ""); err == nil || strings.Contains(err.Error(), "secret-part") {
		t.Errorf("nobody there gives %v", err)
	}
}

func TestANoticeGoesOverHTTPSOrStaysOnThisMachine(t *testing.T) {
	for address, ok := range map[string]bool{
		"https://chat.example.com/hook": true, "http://127.0.0.1:9/": true, "http://localhost/": true, "http://[::1]:9/": true,
		"http://chat.example.com/hook": false, "ftp://127.0.0.1/": false, "chat.example.com": false, "https://u:p@chat.example.com/": false, "": false,
	} {
		n, err := NewNotifier(address, "")
		if (err == nil) != ok {
			t.Errorf("NewNotifier(%q): %v, want ok %v", address, err, ok)
		}
		if err == nil && n.Local() == strings.Contains(address, "example") {
			t.Errorf("%q: Local() = %v", address, n.Local())
		}
	}
}
