package progress

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

func newBar(o Options) *progressbar.ProgressBar {
	return progressbar.NewOptions(o.Total,
		progressbar.OptionSetWriter(o.Out),
		progressbar.OptionShowCount(),
		progressbar.OptionSetPredictTime(false), // the limit tells more than the past
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionFullWidth(),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionUseANSICodes(true),
		progressbar.OptionEnableColorCodes(o.Color),
		progressbar.OptionShowDescriptionAtLineEnd(),
		progressbar.OptionClearOnFinish(),
	)
}

// What stands beside the words of a bar: the percentage, its ends and the
// spaces between; and the least that is a bar.
const (
	frame    = 14
	leastBar = 8
)

// width is how many columns the terminal has. It is asked every time: the
// window may have been resized.
func width(out io.Writer) int {
	if f, ok := out.(*os.File); ok {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
			return w
		}
	}
	return 80
}

// room is how many of the columns words may take.
func room(columns int, s State) int {
	return columns - frame - leastBar - len(fmt.Sprintf("(%d/%d)", s.Done, s.Total))
}

// describe is as much of the state as there is room for. A line that is
// broken by the terminal could not be drawn over.
func describe(s State, room int, color bool) string {
	for form := longest; form <= timeOnly; form++ {
		text := strings.Join(s.words(form), ", ")
		if utf8.RuneCountInString(text) > room {
			continue
		}
		if mend := fmt.Sprintf("%d to mend", s.Mend); color && s.Mend > 0 {
			text = strings.Replace(text, mend, "[yellow]"+mend+"[reset]", 1)
		}
		return text
	}
	return ""
}
