package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"sync"
)

// Server is the simulated vendors, an http.Handler for any number of callers.
// Referral Factory is below BasePath, Recomly below RecomlyPrefixes, and
// /_sandbox/ is for those who watch and steer.
type Server struct {
	opts            Options
	apis            []*api
	referralFactory *referralFactory
	recomly         *recomly
	gates           []*gate // of each vendor
	tally           *tally
	faults          *schedule
	start           State
	saver           *saver // nil without a file

	closed    chan struct{} // closed by Close
	closeOnce sync.Once
	closeErr  error
	exchanges exchanges // calls of Transport under way
}

// New makes a Server whose account lives in memory. It panics on options that
// contradict themselves, which are a mistake in the program; Open returns them.
func New(o Options) *Server {
	s, err := newServer(o)
	if err != nil {
		panic("sandbox: " + err.Error())
	}
	return s
}

// Open makes a Server whose account is kept in the file at path: it begins
// with what the file holds, or with o.State when there is no file, and writes
// changes back about once a second and at Close.
func Open(path string, o Options) (*Server, error) {
	s, missing, err := load(path, o)
	if err != nil {
		return nil, err
	}
	s.saver = startSaver(path, s.State)
	s.referralFactory.changed, s.recomly.changed = s.saver.mark, s.saver.mark
	if missing {
		s.saver.mark()
	}
	return s, nil
}

// OpenCopy makes a Server whose account begins as that of Open does, and lives
// in memory: the file stays as it is, and where there is none, none is made.
func OpenCopy(path string, o Options) (*Server, error) {
	s, _, err := load(path, o)
	return s, err
}

// load makes a Server that begins with what the file at path holds, or with
// o.State when it is missing.
func load(path string, o Options) (_ *Server, missing bool, _ error) {
	state, err := Load(path)
	missing = errors.Is(err, fs.ErrNotExist)
	switch {
	case err == nil:
		o.State = &state
	case !missing:
		return nil, false, err
	}
	s, err := newServer(o)
	if err != nil {
		return nil, missing, fmt.Errorf("sandbox: %w", err)
	}
	return s, missing, nil
}

func newServer(o Options) (*Server, error) {
	recomlyGate := o.recomlyGate()
	o = o.withDefaults()
	if err := o.check(); err != nil {
		return nil, err
	}
	s := &Server{
		opts: o, start: o.State.clone(),
		gates: []*gate{newGate(o), recomlyGate}, tally: newTally(), faults: &schedule{},
		closed: make(chan struct{}),
	}
	s.referralFactory = newReferralFactory(o, s.tally)
	s.recomly = newRecomly(o, s.tally)
	s.apis = append([]*api{s.referralFactory.api(s.gates[0])}, s.recomly.apis(s.gates[1])...)
	s.faults.add(o.Faults)
	return s, nil
}

// Close ends what hangs, waits for the calls of Transport, and saves the
// account if it has a file. It returns the error of that save.
func (s *Server) Close() error {
	s.closeOnce.Do(func() {
		close(s.closed)
		s.exchanges.close()
		if s.saver != nil {
			s.closeErr = s.saver.stop()
		}
	})
	return s.closeErr
}

// State is a copy of the account as it is now.
func (s *Server) State() State {
	state := s.referralFactory.state()
	state.Recomly = s.recomly.state()
	return state
}

// SetState replaces the account.
func (s *Server) SetState(state State) error {
	if err := state.check(); err != nil {
		return fmt.Errorf("sandbox state: %w", err)
	}
	s.replace(state)
	return nil
}

func (s *Server) replace(state State) {
	s.referralFactory.replace(state)
	s.recomly.replace(state.Recomly)
}

// Counts is what the server has seen.
func (s *Server) Counts() Counts {
	c := s.tally.snapshot()
	for _, g := range s.gates {
		worst, overruns, blocked := g.totals()
		c.WorstWindow, c.Overruns, c.Blocked = max(c.WorstWindow, worst), c.Overruns+overruns, c.Blocked+blocked
	}
	return c
}

// AddFaults schedules faults after those there are, all or none.
func (s *Server) AddFaults(faults ...Fault) error {
	for _, f := range faults {
		if err := f.check(); err != nil {
			return fmt.Errorf("fault %q: %w", f, err)
		}
	}
	s.faults.add(faults)
	return nil
}

// ClearFaults removes all faults.
func (s *Server) ClearFaults() { s.faults.clear() }

// Faults lists the faults and what they hit.
func (s *Server) Faults() []FaultCount { return s.faults.list() }

// UnhitFaults lists the faults that never hit a call. A test that schedules
// faults should end by finding none.
func (s *Server) UnhitFaults() []Fault {
	var unhit []Fault
	for _, c := range s.faults.list() {
		if c.Hits == 0 {
			unhit = append(unhit, c.Fault)
		}
	}
	return unhit
}

// Reset puts the account back to what it was when the server began, forgets
// counts, strikes and blocks, and removes all faults.
func (s *Server) Reset() {
	s.replace(s.start)
	for _, g := range s.gates {
		g.reset()
	}
	s.tally.reset()
	s.faults.clear()
}

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == watchPath || strings.HasPrefix(r.URL.Path, watchPath+"/") {
		s.serveWatch(w, r)
		return
	}
	s.serveAPI(w, r)
}

// serveAPI takes a call past what every call meets, in the order a vendor's
// edge has it: the address, the limit, accidents, and only then the work.
func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	a, path := s.find(r.URL.EscapedPath())
	route, params, allowed := a.match(r.Method, path)
	presented := a.token(r)
	token := keyOf(presented)
	defer s.tally.enter(route, r.Method, token)()

	accepted := s.accepts(presented)
	switch {
	case !accepted:
		token = tokenKey{}
	case a.shared:
		token = keyOf("everybody")
	}
	v := a.gate.arrive(token, host(r.RemoteAddr))
	c := &call{request: r, query: r.URL.Query(), params: params}
	// The body is read whatever comes: net/http only notices a caller that
	// gives up once nothing is left to read.
	readErr := c.read(w)
	switch v.status {
	case http.StatusForbidden:
		s.deliver(w, a.refuse(v.status, "your address is blocked: it went over the limit too often"))
		return
	case http.StatusTooManyRequests:
		refusal := a.refuse(v.status, "Too Many Attempts.")
		refusal.header = a.gate.tooMany(v.wait)
		s.deliver(w, refusal)
		return
	}
	s.play(w, r, s.faults.next(r.Method, path), a, func() answer {
		if !accepted {
			return a.refuse(http.StatusUnauthorized, "Unauthenticated.")
		}
		if readErr != nil {
			return a.refuse(http.StatusRequestEntityTooLarge, "the body could not be read: "+readErr.Error())
		}
		return a.serve(route, allowed, c)
	})
}

// find picks the API a path belongs to, and the path below its base. What
// belongs to none goes to the first, to be refused there.
func (s *Server) find(path string) (*api, string) {
	for _, a := range s.apis {
		if rest, ok := strings.CutPrefix(path, a.base); ok && (rest == "" || rest[0] == '/') {
			return a, rest
		}
	}
	return s.apis[0], ""
}

func (s *Server) accepts(token string) bool {
	return token != "" && (s.opts.Token == "" || s.opts.Token == token)
}

func host(address string) string {
	if h, _, err := net.SplitHostPort(address); err == nil {
		return h
	}
	return address
}
