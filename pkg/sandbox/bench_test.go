package sandbox_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

// BenchmarkServe is calls to the handler itself, in an account of 100,000.
func BenchmarkServe(b *testing.B) {
	calls := map[string]func(n int) *http.Request{
		"get":    func(n int) *http.Request { return request("GET", fmt.Sprintf("/api/v2/users/%d", n%100_000+1), "") },
		"create": func(n int) *http.Request { return request("POST", "/api/v2/users", newcomer(n)) },
		"search": func(n int) *http.Request {
			const body = `{"filters": {"operator": "AND", "value": [{"field": "email", "operator": "=", "value": "u%03d@example.com"}]}}`
			return request("POST", "/api/v2/users/search", fmt.Sprintf(body, n%100_000+1))
		},
		"list": func(int) *http.Request { return request("GET", "/api/v2/users?per_page=250&page=300", "") },
	}
	for name, call := range calls {
		b.Run(name, func(b *testing.B) {
			s := sandbox.New(sandbox.Options{Limit: -1, State: crowd(100_000)})
			n := 0
			for b.Loop() {
				w := httptest.NewRecorder()
				s.ServeHTTP(w, call(n))
				if w.Code > 201 {
					b.Fatalf("status %d: %s", w.Code, w.Body)
				}
				n++
			}
		})
	}
}

// BenchmarkTransport is an http.Client inside the process.
func BenchmarkTransport(b *testing.B) {
	s := sandbox.New(sandbox.Options{Limit: -1})
	defer s.Close()
	c := caller{client: &http.Client{Transport: s.Transport()}, root: "http://sandbox.example.com"}
	n := 0
	for b.Loop() {
		if got := c.do(b.Context(), "POST", "/users", newcomer(n)); got.err != nil || got.status != 201 {
			b.Fatalf("status %d %s, %v", got.status, got.body, got.err)
		}
		n++
	}
}

func newcomer(n int) string {
	return fmt.Sprintf(`{"campaign_id": 1, "first_name": "Jane", "email": "jane%d@example.com", "notify": false}`, n)
}
