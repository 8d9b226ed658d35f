package fields

import (
	"fmt"

	"github.com/refbulk/refbulk/pkg/row"
)

// problem checks that a problem names its column, says what is wrong and what
// to do.
func problem(p *row.Problem) error {
	if p == nil || p.Column != "" && p.Value != "" && p.Reason != "" && p.Advice != "" {
		return nil
	}
	return fmt.Errorf("the problem %+v lacks something", *p)
}
