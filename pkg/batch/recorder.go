package batch

import (
	"runtime"
	"sync"
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
	r.desk.put(record, r.committed)
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
	if err := <-r.committed; r.failed == nil {
		r.failed = err
	}
	r.waiting--
}

// desk is where records lie until they are committed.
type desk[Record any] struct {
	workers int

	mu        sync.Mutex
	change    sync.Cond // something was put, or nothing will be any more
	records   []Record
	committed []chan<- error // of each record
	closed    bool

	// What was taken last: its memory serves again.
	lastRecords   []Record
	lastCommitted []chan<- error
}

func newDesk[Record any](workers int) *desk[Record] {
	d := &desk[Record]{workers: workers}
	d.change.L = &d.mu
	return d
}

func (d *desk[Record]) put(r Record, committed chan<- error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.records, d.committed = append(d.records, r), append(d.committed, committed)
	d.change.Signal()
}

// close says that nothing more will be put.
func (d *desk[Record]) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	d.change.Signal()
}

// take waits for records and takes all there are, none when the desk is closed.
// They are good until it is called again.
func (d *desk[Record]) take() ([]Record, []chan<- error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.records) == 0 && !d.closed {
		d.change.Wait()
	}
	for seen := 0; seen < len(d.records) && len(d.records) < d.workers; {
		seen = len(d.records)
		d.mu.Unlock()
		runtime.Gosched() // whoever is about to record something gets there first
		d.mu.Lock()
	}
	records, committed := d.records, d.committed
	clear(d.lastRecords)
	d.records, d.committed = d.lastRecords[:0], d.lastCommitted[:0]
	d.lastRecords, d.lastCommitted = records, committed
	return records, committed
}
