package api

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/refbulk/refbulk/pkg/wire"
)

// A server that has got out of step answers a call by what belongs to another.
// Its own answer may be still to come, over a connection that is not used again.
func TestAnAnswerToAnotherCallLeavesItOpenAndEndsItsConnection(t *testing.T) {
	var mu sync.Mutex
	from := map[string]int{} // requests by connection
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		from[r.RemoteAddr]++
		_, _ = io.WriteString(w, `{"name":"`+r.URL.Query().Get("answer")+`"}`)
	})
	gate, slots := counted(t)
	c := newClient(t, Config{BaseURL: server.URL, Gate: gate})
	for i, test := range []struct {
		method, answer string
		reads          bool
		want           Verdict
		connections    int // so far
	}{
		{"POST", "mine", false, 0, 1}, {"POST", "mine", false, 0, 1}, {"POST", "another's", false, Unknown, 1},
		{"POST", "mine", false, 0, 2}, {"GET", "another's", true, Again, 2}, {"GET", "mine", true, 0, 3},
	} {
		var answer struct{ Name string }
		status, err := c.Do(t.Context(), Request{
			Method: test.method, Path: "/", Query: map[string][]string{"answer": {test.answer}}, Reads: test.reads,
			Fits: func() bool { return answer.Name == "mine" },
		}, &answer)
		if VerdictOf(err) != test.want || (err == nil) != (status == 200) || len(from) != test.connections {
			t.Errorf("call %d, answered %q = %d, %v after %d connections, want %v after %d", i, test.answer, status, err, len(from), test.want, test.connections)
		}
		var e *Error
		if errors.As(err, &e) && !test.reads && e.Pending() != Underway {
			t.Errorf("call %d is %v, want %v: its own answer may be still to come", i, e.Pending(), Underway)
		}
	}
	slots.want(t, "answers to other calls", 6, 0)
}

func TestAConnectionIsNotUsedAgainAfterAnAnswerOfNoUse(t *testing.T) {
	from := map[string]int{}
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		from[r.RemoteAddr]++
		_, _ = io.WriteString(w, "what?")
	})
	c := newClient(t, Config{BaseURL: server.URL})
	for range 3 {
		var answer any
		if _, err := c.Do(t.Context(), aRead, &answer); VerdictOf(err) != Again {
			t.Errorf("Do() = %v, want %v", err, Again)
		}
	}
	if len(from) != 3 {
		t.Errorf("3 answers of no use came over %d connections, want 3", len(from))
	}
}

// Who broke a call off ourselves cannot know that the server has, too.
func TestAServerThatDoesNotComeToAnAnswerMayStillBeAtWork(t *testing.T) {
	c := newClient(t, Config{Transport: roundTrip(func(*http.Request) (*http.Response, error) { return nil, wire.ErrHungUp })})
	_, err := c.Do(t.Context(), aWrite, nil)
	if e := asError(t, "Do()", err); e.Verdict != Unknown || e.Pending() != Underway {
		t.Errorf("Do(no end of words before the answer) = %v, %v, want %v and %v", e.Verdict, e.Pending(), Unknown, Underway)
	}
}

func TestReadsMayBeAnsweredCompressed(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = io.WriteString(w, `{"name":"ann"}`+strings.Repeat(" ", 100_000))
	_ = w.Close()
	torn := packed.Bytes()[:packed.Len()-4]
	long := bytes.Buffer{}
	w = gzip.NewWriter(&long)
	_, _ = w.Write(bytes.Repeat([]byte(" "), maxList+1))
	_ = w.Close()
	for _, test := range []struct {
		coding string
		body   []byte
		want   Verdict
	}{{"gzip", packed.Bytes(), 0}, {"GZIP", packed.Bytes(), 0}, {"x-gzip", packed.Bytes(), 0}, {"gzip", torn, Again}, {"gzip", []byte(`{"name":"ann"}`), Again}, {"gzip", long.Bytes(), Again}} {
		asked := ""
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			asked = r.Header.Get("Accept-Encoding")
			w.Header().Set("Content-Encoding", test.coding)
			_, _ = w.Write(test.body)
		})
		c := newClient(t, Config{BaseURL: server.URL})
		var answer struct{ Name string }
		_, err := c.Do(t.Context(), aRead, &answer)
		if VerdictOf(err) != test.want || test.want == 0 && answer.Name != "ann" || asked != "gzip" {
			t.Errorf("Do(%d bytes of %s) = %v with %q, asked for %q; want %v", len(test.body), test.coding, err, answer.Name, asked, test.want)
		}
		if _, err := c.Do(t.Context(), aWrite, nil); err != nil || asked != "" {
			t.Errorf("a write = %v and asks for %q, want nothing compressed", err, asked)
		}
	}
}
