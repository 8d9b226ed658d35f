//go:build unix

package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// via puts a TCP proxy, which knows nothing of what passes it, between
// refbulk and the simulator.
func (l *listing) via(t *testing.T) *toxiproxy.Proxy {
	t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	upstream := l.front.Listener.Addr().String()
	proxy := toxiproxy.NewProxy(server, "api", "127.0.0.1:0", upstream)
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Stop)
	for n, arg := range l.args {
		l.args[n] = strings.Replace(arg, upstream, proxy.Listen, 1)
	}
	return proxy
}

// poison has every connection suffer from a toxic, until the function that it
// gives is called.
func poison(t *testing.T, proxy *toxiproxy.Proxy, toxic string) (heal func()) {
	if _, err := proxy.Toxics.AddToxicJson(strings.NewReader(`{"name":"toxic",` + toxic + `}`)); err != nil {
		t.Errorf("%s: %v", toxic, err)
	}
	return func() {
		if err := proxy.Toxics.RemoveToxic(context.Background(), "toxic"); err != nil {
			t.Errorf("%s: %v", toxic, err)
		}
	}
}

// Whatever a line does to connections, in the middle of a run and for a
// while or all the time, everybody is created once.
func TestOverABadLineEveryRowIsDoneOnce(t *testing.T) {
	t.Parallel()
	many := atOnce(t)
	defer many.wait()
	for _, test := range []struct {
		toxic  string
		always bool
	}{
		{`"type":"reset_peer","attributes":{"timeout":0}`, false},
		{`"type":"latency","attributes":{"latency":2000}`, false},
		{`"type":"timeout","attributes":{"timeout":150}`, false},
		{`"type":"timeout","stream":"upstream","attributes":{"timeout":150}`, false},
		{`"type":"limit_data","attributes":{"bytes":4000}`, true},
		{`"type":"limit_data","stream":"upstream","attributes":{"bytes":3000}`, true},
		{`"type":"slicer","attributes":{"average_size":20,"size_variation":10,"delay":500}`, true},
		{`"type":"slow_close","attributes":{"delay":300}`, true},
	} {
		many.run(fmt.Sprint(strings.NewReplacer(`"`, "", ":", "=", ",", " ").Replace(test.toxic)), func(t *testing.T) {
			l := list(t, 60, "", "--timeout", "1s", "--workers", "8")
			proxy := l.via(t)
			if test.always {
				defer poison(t, proxy, test.toxic)()
			} else {
				l.after(20, func() {
					l.on(nil)
					go func() { time.AfterFunc(1500*time.Millisecond, poison(t, proxy, test.toxic)) }()
				})
			}
			o := l.want(t, 0)
			l.complete(t, o)
		})
	}
}

func TestALineThatIsCutAndMendedFailsNoRow(t *testing.T) {
	t.Parallel()
	l := list(t, 60, "", "--timeout", "2s", "--retries", "1", "--max-outage", "30s")
	proxy := l.via(t)
	l.after(20, func() {
		l.on(nil)
		go func() {
			proxy.Stop()
			time.AfterFunc(2*time.Second, func() {
				if err := proxy.Start(); err != nil {
					t.Error(err)
				}
			})
		}()
	})
	o := l.want(t, 0)
	l.complete(t, o)
	if !strings.Contains(o.stderr, "answers again") {
		t.Errorf("the outage is not told\n%v", o)
	}
}
