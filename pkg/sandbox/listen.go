package sandbox

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Running is a Server on a port of this machine.
type Running struct {
	handler http.Handler
	address string

	mu     sync.Mutex
	server *http.Server // nil while down
	served chan struct{}
	err    error // of serving, when it ended by itself

	busy sync.WaitGroup // open connections, and calls under way on them
}

// Listen serves s at address, which must be on loopback: "127.0.0.1:8080", or
// "localhost:0" for any free port. The caller must Close what it returns, and
// then s.
func Listen(address string, s *Server) (*Running, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("listening on %q: want host and port, as in 127.0.0.1:8080", address)
	}
	if host == "localhost" {
		host = "127.0.0.1" // whatever the machine's tables make of the name
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("listening on %q: the simulator serves this machine alone; use 127.0.0.1:%s", address, port)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	r := &Running{handler: s, address: listener.Addr().String()}
	r.start(listener)
	return r, nil
}

// Addr is the host and port, the same through Down and Up.
func (r *Running) Addr() string { return r.address }

// URL is the root of the server, without a slash at the end. The API is at
// URL() + BasePath.
func (r *Running) URL() string { return "http://" + r.address }

// Up opens the port again after Down. It does nothing when the port is open.
func (r *Running) Up() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.server != nil {
		return nil
	}
	listener, err := net.Listen("tcp", r.address)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	r.start(listener)
	return nil
}

// start serves listener. The caller holds the lock, or is alone.
func (r *Running) start(listener net.Listener) {
	r.server = &http.Server{
		Handler:   http.HandlerFunc(r.serveCall),
		ConnState: r.track,
		// Only against a caller that never sends its request; answers may
		// take as long as a fault has them.
		ReadHeaderTimeout: time.Minute,
	}
	r.served = make(chan struct{})
	go r.serve(r.server, listener, r.served)
}

// Down closes the port and all connections, so that callers are refused, and
// waits for the calls under way to end.
func (r *Running) Down() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.server == nil {
		return
	}
	// Closing a listener a second time is the only error there is.
	_ = r.server.Close()
	<-r.served
	r.busy.Wait()
	r.server = nil
}

// Close is Down for good. It returns what ended serving before that, if
// anything did.
func (r *Running) Close() error {
	r.Down()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

func (r *Running) serve(server *http.Server, listener net.Listener, served chan<- struct{}) {
	defer close(served)
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		r.err = err // Down reads served before anyone reads this
	}
}

// track counts connections. net/http says StateNew before the connection has
// its goroutine, and StateClosed as the last that goroutine does.
func (r *Running) track(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		r.busy.Add(1)
	case http.StateClosed, http.StateHijacked:
		r.busy.Done()
	}
}

// serveCall counts calls too: one that cuts its connection outlives it.
func (r *Running) serveCall(w http.ResponseWriter, q *http.Request) {
	r.busy.Add(1)
	defer r.busy.Done()
	r.handler.ServeHTTP(w, q)
}
