package sandbox

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// watchPath is where a Server is watched and steered. It needs no token, takes
// no faults and is in no count.
const watchPath = "/_sandbox"

// serveWatch answers:
//
//	GET    /_sandbox/         a page for people
//	GET    /_sandbox/counts   Counts as JSON
//	GET    /_sandbox/faults   a list of FaultCount as JSON
//	POST   /_sandbox/faults   adds the faults of the body, in text form, one a line
//	DELETE /_sandbox/faults   removes all faults
//	GET    /_sandbox/state    the State as JSON
//	PUT    /_sandbox/state    replaces it
//	POST   /_sandbox/reset    Reset
func (s *Server) serveWatch(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, watchPath)
	switch r.Method + " " + path {
	case "GET ", "GET /":
		s.writePage(w)
	case "GET /counts":
		writeJSON(w, s.Counts())
	case "GET /faults":
		writeJSON(w, s.Faults())
	case "POST /faults":
		s.takeFaults(w, r)
	case "DELETE /faults":
		s.ClearFaults()
		w.WriteHeader(http.StatusNoContent)
	case "GET /state":
		writeJSON(w, s.State())
	case "PUT /state":
		s.takeState(w, r)
	case "POST /reset":
		s.Reset()
		w.WriteHeader(http.StatusNoContent)
	default:
		http.Error(w, "no such call: see GET "+watchPath+"/", http.StatusNotFound)
	}
}

func (s *Server) takeFaults(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	faults, err := ParseFaults(string(text))
	if err == nil {
		err = s.AddFaults(faults...)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	writeJSON(w, s.Faults())
}

func (s *Server) takeState(w http.ResponseWriter, r *http.Request) {
	state, err := decodeState(r.Body)
	if err == nil {
		err = s.SetState(state)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// writeJSON indents: these answers are read by people too.
func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	_ = e.Encode(v) // the caller is gone, or else v is ours and encodes
}
