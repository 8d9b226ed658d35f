package ledger

import "fmt"

// UnfitError says that what stands at a path is not what a run keeps there:
// something else, or spoilt by another program. No run can go on with it; a
// person names another file, or puts this one right.
type UnfitError struct{ err error }

// Error says what stands there, and what to do.
func (e *UnfitError) Error() string { return e.err.Error() }

// Unwrap gives what reading it said.
func (e *UnfitError) Unwrap() error { return e.err }

func unfit(format string, args ...any) error { return &UnfitError{fmt.Errorf(format, args...)} }
