package referralfactory

import (
	"sync"

	"golang.org/x/sync/singleflight"

	"github.com/refbulk/refbulk/pkg/row"
)

// asked keeps answers to yes-or-no questions, so that each is asked once, by
// who comes first. It is safe for concurrent use.
type asked struct {
	asking  singleflight.Group
	mu      sync.Mutex
	answers map[row.Fingerprint]bool
}

// mostAnswers bounds what is kept: after so many, questions are asked anew.
const mostAnswers = 1 << 16

func (a *asked) know(question string, ask func() (bool, error)) (bool, error) {
	said, err, _ := a.asking.Do(question, func() (any, error) {
		if answer, known := a.recall(question); known {
			return answer, nil
		}
		answer, err := ask()
		if err == nil {
			a.keep(question, answer)
		}
		return answer, err
	})
	return said.(bool), err
}

func (a *asked) recall(question string) (answer, known bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	answer, known = a.answers[row.FingerprintOf(question)]
	return answer, known
}

func (a *asked) keep(question string, answer bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.answers == nil || len(a.answers) == mostAnswers {
		a.answers = map[row.Fingerprint]bool{}
	}
	a.answers[row.FingerprintOf(question)] = answer
}
