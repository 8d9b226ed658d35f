package sandbox

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// api is one vendor's surface on a Server: where it is, how it is entered, how
// it says no.
type api struct {
	base   string
	routes []route // the first that matches serves
	token  func(*http.Request) string
	refuse func(status int, message string) answer
	gate   *gate
	shared bool // the limit is the account's, whatever token calls
}

// route is one method and path. A step of the pattern in braces is a
// parameter.
type route struct {
	method, pattern string
	writes          bool
	serve           func(*call) answer
}

func (r *route) name() string { return r.method + " " + r.pattern }

// match finds the route of a path below the base. Without one, allowed lists
// the methods the path does have.
func (a *api) match(method, path string) (found *route, params map[string]string, allowed []string) {
	steps := strings.Split(path, "/")
	for i := range a.routes {
		r := &a.routes[i]
		p, ok := r.params(steps)
		switch {
		case !ok:
		case r.method == method:
			return r, p, nil
		default:
			allowed = append(allowed, r.method)
		}
	}
	return nil, nil, allowed
}

func (r *route) params(steps []string) (params map[string]string, ok bool) {
	pattern := strings.Split(r.pattern, "/")
	if len(pattern) != len(steps) {
		return nil, false
	}
	for i, want := range pattern {
		name, isParam := strings.CutPrefix(want, "{")
		if !isParam {
			if want != steps[i] {
				return nil, false
			}
			continue
		}
		value, err := url.PathUnescape(steps[i])
		if err != nil || value == "" {
			return nil, false
		}
		if params == nil {
			params = map[string]string{}
		}
		params[strings.TrimSuffix(name, "}")] = value
	}
	return params, true
}

// serve answers a call that was let in.
func (a *api) serve(r *route, allowed []string, c *call) answer {
	switch {
	case r == nil && len(allowed) > 0:
		refusal := a.refuse(http.StatusMethodNotAllowed, "the method is not allowed here")
		refusal.header = http.Header{"Allow": {strings.Join(allowed, ", ")}}
		return refusal
	case r == nil:
		return a.refuse(http.StatusNotFound, "there is no such path")
	case !takesJSON(c.request.Header.Values("Accept")):
		return a.refuse(http.StatusNotAcceptable, "answers are application/json")
	}
	return r.serve(c)
}

// takesJSON reads Accept. Weights are passed over: the answer has one form.
func takesJSON(accept []string) bool {
	if len(accept) == 0 {
		return true
	}
	for _, part := range strings.Split(strings.Join(accept, ","), ",") {
		media, _, _ := strings.Cut(part, ";")
		switch strings.ToLower(strings.TrimSpace(media)) {
		case "application/json", "application/*", "*/*":
			return true
		}
	}
	return false
}

// call is one call on its way through a route.
type call struct {
	request *http.Request
	query   url.Values
	params  map[string]string
	body    []byte
}

// maxBody is far above any call of a person's data.
const maxBody = 1 << 20

func (c *call) read(w http.ResponseWriter) (err error) {
	if c.request.Body == nil {
		return nil
	}
	c.body, err = io.ReadAll(http.MaxBytesReader(w, c.request.Body, maxBody))
	return err
}

// id is the integer parameter name, or 0, which is nobody's.
func (c *call) id(name string) int64 {
	id, err := strconv.ParseInt(c.params[name], 10, 64)
	if err != nil || id < 0 {
		return 0
	}
	return id
}

// with tells whether the call asks for an extra, as in ?with=user.analytics.
func (c *call) with(name string) bool {
	for _, key := range []string{"with", "with[]"} {
		for _, list := range c.query[key] {
			for _, item := range strings.Split(list, ",") {
				if strings.TrimSpace(item) == name {
					return true
				}
			}
		}
	}
	return false
}

// answer is what a call will be told. Without a Content-Type in header the
// body is JSON.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// jsonAnswer panics when v cannot be JSON: only our own types come here.
func jsonAnswer(status int, v any) answer {
	body, err := json.Marshal(v)
	if err != nil {
		panic("sandbox: " + err.Error())
	}
	return answer{status: status, body: body}
}

// write sends the answer. A caller that is gone is no error of ours.
func (a answer) write(w http.ResponseWriter) {
	h := w.Header()
	for key, values := range a.header {
		h[key] = values
	}
	if h.Get("Content-Type") == "" && len(a.body) > 0 {
		h.Set("Content-Type", "application/json")
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}
