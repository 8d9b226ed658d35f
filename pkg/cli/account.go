package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/pace"
	"github.com/refbulk/refbulk/pkg/retry"
	"github.com/refbulk/refbulk/pkg/sandbox"
)

// account is an open way to one account's API.
type account struct {
	vendor vendor
	rooted bool // by --base-url, and not where the vendor says
	client connection
	gate   *pace.Gate
	loop   *retry.Loop
	close  []func() error
}

// openAccount finds the token, or starts the simulator, and makes no call.
// Observe is told of every call; nil = nobody is.
func (p *program) openAccount(ctx context.Context, f *accountFlags, log *slog.Logger, observe func(context.Context, api.Call)) (_ *account, err error) {
	a := &account{rooted: f.baseURL != ""}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	if a.vendor, err = vendorNamed(f.provider); err != nil {
		return a, usage(err)
	}
	config := api.Config{BaseURL: f.baseURL, UserAgent: userAgent(), Timeout: f.timeout, Log: log, Observe: observe}
	if f.sandbox != "" {
		config.BaseURL, config.Token = "https://sandbox.example.com"+a.vendor.sandboxAt, rehearsalToken
		if config.Transport, err = a.startSandbox(f); err != nil {
			return a, usage(err)
		}
	} else {
		if config.BaseURL == "" {
			config.BaseURL = a.vendor.baseURL
		}
		if config.Token, err = p.token(f, a.vendor); err != nil {
			return a, usage(err)
		}
	}
	store, err := openStore(ctx, f, config, p.env, log)
	if err != nil {
		return a, usage(err)
	}
	a.gate = pace.New(pace.Options{Limit: f.limit, Window: f.window, Store: store, Peak: f.peak, Log: log})
	a.close = append(a.close, a.gate.Close)
	config.Gate = a.gate
	if a.client, err = a.vendor.connect(config); err != nil {
		return a, usage(err)
	}
	a.close = append(a.close, func() error { a.client.Close(); return nil })
	a.loop = &retry.Loop{
		Policy: retry.Policy{Retries: f.retries, Late: patience(f)}, Brake: a.gate,
		Window: f.window, MaxOutage: f.maxDown, Log: log,
	}
	return a, nil
}

// rehearsalToken is what a simulator takes: two parts, as one vendor's key has.
const rehearsalToken = "rehearsal:rehearsal"

// startSandbox starts the simulator with the limit of the run.
func (a *account) startSandbox(f *accountFlags) (http.RoundTripper, error) {
	o := sandbox.Options{Limit: f.limit, Window: f.window}
	if f.limit == 0 {
		o.Limit = -1
	}
	server, err := f.simulator(o)
	if err != nil {
		return nil, err
	}
	a.close = append(a.close, server.Close)
	return server.Transport(), nil
}

// simulator makes the simulator, whose account may be kept in a file.
func (f *accountFlags) simulator(o sandbox.Options) (*sandbox.Server, error) {
	switch {
	case f.sandbox == inMemory:
		return sandbox.New(o), nil
	case f.readOnly:
		return sandbox.OpenCopy(f.sandbox, o)
	}
	return sandbox.Open(f.sandbox, o)
}

// openStore opens the place where the requests of the account are counted.
func openStore(ctx context.Context, f *accountFlags, c api.Config, env func(string) (string, bool), log *slog.Logger) (pace.Store, error) {
	if f.sandbox != "" || f.limit == 0 || f.limiter == "process" {
		return nil, nil
	}
	name := counted(f.provider, c.BaseURL, c.Token)
	switch {
	case f.limiter == "local":
		dir, err := stateFolder(env)
		if err != nil {
			return nil, err
		}
		return pace.OpenFile(dir, name, log), nil
	case strings.HasPrefix(f.limiter, "redis://"), strings.HasPrefix(f.limiter, "rediss://"):
		return pace.OpenRedis(ctx, f.limiter, name, pace.RedisOptions{Attempt: patience(f) + spare, Log: log})
	}
	return nil, fmt.Errorf("--limiter %q is none; use local, process or redis://host:port/db", f.limiter)
}

// counted is the name of the account whose requests are counted together. The
// vendor counts by the token, whichever of its hosts and paths is called and
// however that is written; but of simulators on this machine, several may take
// the same made-up token.
func counted(provider, baseURL, token string) string {
	port := ""
	if u, err := url.Parse(baseURL); err == nil && api.IsLoopback(u.Hostname()) {
		port = u.Port()
	}
	sum := sha256.Sum256([]byte(provider + "\n" + port + "\n" + token))
	return hex.EncodeToString(sum[:])
}

// spare is the time that a request may take beside the call itself: a write is
// put on disk before it leaves.
const spare = 20 * time.Second

// patience is the longest time a call takes, for the API has half as long again
// as a write's timeout for a read. A write that has had no answer for so long
// is not applied any more.
func patience(f *accountFlags) time.Duration { return f.timeout + f.timeout/2 }

// stateFolder is where the user's programs keep what they know between runs.
func stateFolder(env func(string) (string, bool)) (string, error) {
	if dir, _ := env("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "refbulk"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", errors.New("there is no folder in which runs could count their requests together: set the variable HOME, or XDG_STATE_HOME to a folder " +
			"that stays from run to run\n(--limiter process does without, where never more than one run is under way)")
	}
	return filepath.Join(home, ".local", "state", "refbulk"), nil
}

func userAgent() string { return strings.ReplaceAll(version(), " ", "/") }

// Close gives everything up, in reverse order.
func (a *account) Close() error {
	var errs []error
	for i := len(a.close) - 1; i >= 0; i-- {
		errs = append(errs, a.close[i]())
	}
	a.close = nil
	return errors.Join(errs...)
}
