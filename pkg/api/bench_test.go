package api

import (
	"net/http"
	"testing"

	"github.com/refbulk/refbulk/pkg/pace"
)

// BenchmarkDo is one call through an open gate, without the network.
func BenchmarkDo(b *testing.B) {
	gate := pace.New(pace.Options{})
	defer gate.Close()
	c, err := New(Config{
		BaseURL: "https://api.example.com/v2", Token: secret, UserAgent: "refbulk/1", Gate: gate,
		Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			return answering(200, `{"data":{"id":17,"email":"jane@example.com","code":"ueON"}}`), r.Body.Close()
		}),
	})
	if err != nil {
		b.Fatal(err)
	}
	for _, call := range []struct {
		name    string
		request Request
	}{{"read", aRead}, {"write", aWrite}} {
		b.Run(call.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var answer struct{ Data struct{ ID int64 } }
				if _, err := c.Do(b.Context(), call.request, &answer); err != nil || answer.Data.ID != 17 {
					b.Fatalf("Do() = %v with id %d, want 17", err, answer.Data.ID)
				}
			}
		})
	}
}
