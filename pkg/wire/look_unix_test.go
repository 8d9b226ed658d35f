//go:build unix

package wire

import (
	"runtime"
	"testing"
)

func TestAnAnswerThatNobodyAskedForIsNotTakenForTheNext(t *testing.T) {
	const one, two = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo"
	for name, said := range map[string]string{"with the answer": one + two, "after the answer": one} {
		server := recite(t, false, said)
		way := to(t, server.url, Options{})
		for range 2 {
			if _, body, err := ask(t, way, "POST", server.url, "x"); err != nil || body != "one" {
				t.Fatalf("%s: RoundTrip() = %q, %v, want its own answer", name, body, err)
			}
			if len(way.idle.conns) == 1 {
				server.say(two)
				for silent := true; silent; silent, _ = look(way.idle.conns[0].raw) {
					runtime.Gosched()
				}
			}
		}
		if got := server.dialled.Load(); got != 2 {
			t.Errorf("%s: 2 requests took %d connections, want 2", name, got)
		}
	}
}
