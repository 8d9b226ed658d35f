package sandbox

import "time"

// saveEvery bounds how often a busy account is written.
const saveEvery = time.Second

// saver keeps a file up with an account, from one goroutine that stop waits for.
type saver struct {
	path     string
	snapshot func() State
	dirty    chan struct{} // never closed; one pending mark is as good as many, so it holds one
	quit     chan struct{} // closed by stop
	finished chan struct{} // closed by run
	err      error         // of the latest save; read after finished
}

func startSaver(path string, snapshot func() State) *saver {
	v := &saver{
		path: path, snapshot: snapshot,
		dirty: make(chan struct{}, 1), quit: make(chan struct{}), finished: make(chan struct{}),
	}
	go v.run()
	return v
}

// mark says that the account has changed. It does not wait.
func (v *saver) mark() {
	select {
	case v.dirty <- struct{}{}:
	default:
	}
}

// stop saves what is unsaved, ends the goroutine and returns the error of the
// latest save: an earlier one was made good by it.
func (v *saver) stop() error {
	close(v.quit)
	<-v.finished
	return v.err
}

func (v *saver) run() {
	defer close(v.finished)
	for {
		select {
		case <-v.dirty:
			v.gather()
			v.err = v.snapshot().Save(v.path)
		case <-v.quit:
			v.saveLast()
			return
		}
	}
}

// saveLast saves what was marked since the latest save, or what that one
// could not.
func (v *saver) saveLast() {
	select {
	case <-v.dirty:
	default:
		if v.err == nil {
			return
		}
	}
	v.err = v.snapshot().Save(v.path)
}

// gather lets more changes come in, so that they share one write.
func (v *saver) gather() {
	t := time.NewTimer(saveEvery)
	defer t.Stop()
	select {
	case <-t.C:
	case <-v.quit:
	}
}
