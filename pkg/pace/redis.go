package pace

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"
)

//go:embed take.lua
var takeScript string

//go:embed give.lua
var giveScript string

const (
	// DefaultAttempt is a call's usual timeout of 40 s, and room to spare.
	DefaultAttempt = time.Minute
	// redisTimeout bounds one call: a Redis that is slower than this is as good as gone.
	redisTimeout = 2 * time.Second
	// minBackoff and maxBackoff bound the waits between calls to a Redis that is gone.
	minBackoff = 50 * time.Millisecond
	maxBackoff = 5 * time.Second
)

// RedisOptions say how [OpenRedis] counts. The zero value is usable.
type RedisOptions struct {
	// Attempt is the longest a request can take from Enter to Leave, its timeout included; 0 is
	// DefaultAttempt. A slot out for longer is taken for a dead process's: the bound needs it to be true.
	Attempt time.Duration
	// Log hears when Redis goes and comes; nil discards it.
	Log *slog.Logger
}

// A Redis is the [Store] of all who name the same account at the same Redis, by that server's clock.
//
// While it is gone, nothing passes. One that was restarted, replaced or emptied may have forgotten slots:
// nothing passes until Attempt and a window later, when all of them are free for certain. The same goes
// for one that has only just been started. Slots of a dead process are free a window after Attempt. All
// keys expire when they have nothing left to say. Not seen through are a Redis that evicts keys, and a
// replica that takes over without the last writes within its master's first window.
type Redis struct {
	client     *redis.Client
	take, give *redis.Script
	keys       []string
	attempt    time.Duration
	log        *slog.Logger
	owner      uint64

	mu       sync.Mutex
	last     Lease         // the last one handed out; the next is asked for until it is had
	window   time.Duration // the last one asked for
	counted  time.Time     // when Redis last held a lease of ours
	wait     time.Duration // before asking a Redis that is gone again; 0 while it is there
	distrust bool          // Redis may have forgotten slots, and that was told
}

// OpenRedis connects to url, redis://[user:password@]host:port/db (rediss for TLS). account names whose
// requests are counted together; only a hash of it gets to Redis. An error means that the url is wrong or
// nobody answers there; it shows no password.
func OpenRedis(ctx context.Context, url, account string, opt RedisOptions) (*Redis, error) {
	if opt.Attempt <= 0 {
		opt.Attempt = DefaultAttempt
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	o, err := redis.ParseURL(url)
	if err != nil { // not wrapped: it may quote the password
		return nil, errors.New("the address of Redis is not like redis://user:password@host:6379/0")
	}
	// The library has one logger for the whole process, and it writes to standard error. What it would say
	// comes back as errors too.
	logging.Disable()
	o.MaxRetries, o.DialerRetries = -1, 1 // the gate asks again
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout = redisTimeout, redisTimeout, redisTimeout
	o.ContextTimeoutEnabled = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	name := "refbulk:{" + fingerprint(account) + "}:" // the braces keep the keys on one node of a cluster
	r := &Redis{
		client:  redis.NewClient(o),
		take:    redis.NewScript(takeScript),
		give:    redis.NewScript(giveScript),
		keys:    []string{name + "out", name + "left", name + "meta"},
		attempt: opt.Attempt,
		log:     opt.Log,
		owner:   random(),
	}
	if err := r.client.Ping(ctx).Err(); err != nil {
		return nil, errors.Join(fmt.Errorf("asking Redis at %s for the shared count: %w", o.Addr, err), r.client.Close())
	}
	return r, nil
}

// Take implements [Store]. A Redis that is gone is a wait.
func (r *Redis) Take(ctx context.Context, limit int, window time.Duration) (Lease, time.Duration, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.window = window
	lost := 0
	if time.Since(r.counted) < window+r.attempt && !r.counted.IsZero() {
		lost = 1
	}
	// When the answer is lost on its way, so may be a slot; the next call asks for the same and finds it.
	lease := r.last + 1
	call, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	got, err := r.take.Run(call, r.client, r.keys, r.id(lease), limit,
		window.Microseconds(), r.attempt.Microseconds(), lost).Int64Slice()
	if err != nil {
		return r.gone(ctx, err)
	}
	if len(got) < 2 {
		return 0, 0, fmt.Errorf("redis answered %d numbers, want 2 or 3", len(got))
	}
	r.back()
	if got[0] == 0 {
		wait := time.Duration(max(got[1], 1)) * time.Microsecond
		r.tell(len(got) > 2, wait)
		return 0, wait, nil
	}
	r.last, r.counted, r.distrust = lease, time.Now(), false
	return lease, 0, nil
}

// id is a lease as Redis knows it.
func (r *Redis) id(lease Lease) string { return fmt.Sprintf("%016x:%d", r.owner, lease) }

// gone turns a failed call into a wait, if there is hope.
func (r *Redis) gone(ctx context.Context, err error) (Lease, time.Duration, error) {
	if ctx.Err() != nil {
		return 0, minBackoff, nil // the gate looks at ctx itself
	}
	if !transient(err) {
		return 0, 0, fmt.Errorf("asking Redis: %w", err)
	}
	if r.wait == 0 {
		r.log.Warn("Redis does not answer: all requests wait until it does", "error", err)
	}
	r.wait = min(max(2*r.wait, minBackoff), maxBackoff)
	return 0, r.wait, nil
}

func (r *Redis) back() {
	if r.wait > 0 {
		r.log.Info("Redis answers again")
	}
	r.wait = 0
}

// tell says once that all wait because Redis may have forgotten slots.
func (r *Redis) tell(distrust bool, wait time.Duration) {
	if distrust && !r.distrust {
		r.log.Info("Redis has just been started or emptied, and may have forgotten requests that still count: all wait until they count no more",
			"wait", wait.Round(time.Second).String())
	}
	r.distrust = distrust
}

// transient reports whether an error is one that passes: of the network, or of a server that is busy with
// itself.
func transient(err error) bool {
	var reply redis.Error
	if !errors.As(err, &reply) {
		return true
	}
	return redis.IsLoadingError(err) || redis.IsReadOnlyError(err) || redis.IsMasterDownError(err) ||
		redis.IsClusterDownError(err) || redis.IsTryAgainError(err) || redis.IsMaxClientsError(err) ||
		redis.IsOOMError(err) || redis.IsNoReplicasError(err) || redis.HasErrorPrefix(err, "BUSY")
}

// Give implements [Store]. When Redis is gone, the slot comes back after Attempt.
func (r *Redis) Give(lease Lease, sent bool) {
	r.mu.Lock()
	window := r.window
	if sent {
		r.counted = time.Now()
	}
	r.mu.Unlock()
	arrived := 0
	if sent {
		arrived = 1
	}
	ctx, cancel := context.WithTimeout(context.Background(), redisTimeout)
	defer cancel()
	err := r.give.Run(ctx, r.client, r.keys, r.id(lease),
		window.Microseconds(), r.attempt.Microseconds(), arrived).Err()
	if err != nil {
		r.log.Debug("a slot comes back late", "error", err)
	}
}

// Close implements [Store].
func (r *Redis) Close() error { return r.client.Close() }
