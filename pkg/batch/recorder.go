package batch

import (
	"sync"
	"time"
)

// outstanding is how many records of a worker may wait for a commit: what the
// last job ended with, and what the next one begins with. So both take one.
const outstanding = 2

// Recorder takes the records of one worker, job after job. It belongs to that
// worker.
type Recorder[Record any] struct {
	desk      *desk[Record]
	committed chan error // room for every answer, so that the committer never waits for a worker
	waiting   int        // records without an answer
	blocked   bool       // until there is one; guarded by the desk
	failed    error
}

func newRecorder[Record any](d *desk[Record]) *Recorder[Record] {
	return &Recorder[Record]{desk: d, committed: make(chan error, outstanding)}
}

// Put hands a record to the committer, which commits it at the next occasion,
// in the order in which records were put. It does not wait for that, but for
// those before when there are many of them.
func (r *Recorder[Record]) Put(record Record) {
	if r.waiting == outstanding {
		r.await()
	}
	r.desk.put(record, r)
	r.waiting++
}

// Settle returns once everything that was put has been committed, with the
// error for which something was not.
func (r *Recorder[Record]) Settle() error {
	for r.waiting > 0 {
		r.await()
	}
	return r.failed
}

func (r *Recorder[Record]) await() {
	r.desk.await(r)
	if err := <-r.committed; r.failed == nil {
		r.failed = err
	}
	r.waiting--
}

// desk is where records lie until they are committed.
type desk[Record any] struct {
	mu      sync.Mutex
	workers int       // that have not left
	change  sync.Cond // something was put, or nothing will be any more
	records []Record
	whose   []*Recorder[Record] // each record is
	blocked int                 // workers that do nothing until a record of theirs is committed
	closed  bool
	all     chan struct{} // room for one word that all workers are blocked

	// What was taken last: its memory serves again.
	lastRecords []Record
	lastWhose   []*Recorder[Record]
}

func newDesk[Record any](workers int) *desk[Record] {
	d := &desk[Record]{workers: workers, all: make(chan struct{}, 1)}
	d.change.L = &d.mu
	return d
}

func (d *desk[Record]) put(record Record, whose *Recorder[Record]) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.records, d.whose = append(d.records, record), append(d.whose, whose)
	d.change.Signal()
}

// await notes that a worker is blocked, unless it has an answer already.
func (d *desk[Record]) await(r *Recorder[Record]) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(r.committed) > 0 {
		return
	}
	r.blocked = true
	d.blocked++
	d.mayBeAll()
}

// leave says that a worker puts nothing any more.
func (d *desk[Record]) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.workers--
	d.mayBeAll()
}

// answer tells of each record whether it was committed.
func (d *desk[Record]) answer(whose []*Recorder[Record], err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, r := range whose {
		r.committed <- err
		if r.blocked {
			r.blocked = false
			d.blocked--
		}
	}
}

// close says that nothing more will be put.
func (d *desk[Record]) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	d.change.Signal()
}

// mayBeAll gives the word when no worker is left that could put something.
func (d *desk[Record]) mayBeAll() {
	if d.blocked < d.workers {
		return
	}
	select {
	case d.all <- struct{}{}:
	default: // it has been said
	}
}

// take waits for records, and then for more as long as patience lets it, unless
// there can be none. It takes all there are, none when the desk is closed. They
// are good until it is called again.
func (d *desk[Record]) take(patience time.Duration) ([]Record, []*Recorder[Record]) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.records) == 0 && !d.closed {
		d.change.Wait()
	}
	if d.blocked < d.workers && patience > 0 {
		select {
		case <-d.all: // that was before
		default:
		}
		d.mu.Unlock()
		d.untilAll(patience)
		d.mu.Lock()
	}
	records, whose := d.records, d.whose
	clear(d.lastRecords)
	d.records, d.whose = d.lastRecords[:0], d.lastWhose[:0]
	d.lastRecords, d.lastWhose = records, whose
	return records, whose
}

// untilAll waits for the word that there can be no more records.
func (d *desk[Record]) untilAll(patience time.Duration) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-d.all:
	case <-timer.C:
	}
}
