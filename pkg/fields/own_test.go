package fields

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/refbulk/refbulk/pkg/sheet"
)

// A file that refbulk wrote says what it says under its own headings, whatever
// a campaign calls its fields.
func TestOwnHeadingsAreNoFieldsOfACampaign(t *testing.T) {
	known := []Field{{Name: "id"}, {Name: "code"}, {Name: "campaign_id"}, {Name: "email"}}
	labels := []string{"Type", "Status", "Source", "Note", "URL", "Reward"}
	for _, test := range []struct {
		headers []string
		names   string
	}{
		{[]string{"id", "code", "campaign_id", "signed_up_at", "type", "source", "url"}, "[id code campaign_id    ]"},
		{[]string{"id", "code", "campaign_id", "signed_up_at", "type", "meta:Type"}, "[id code campaign_id   meta:Type]"},
		{[]string{"id", "can_be_issued", "reward_id", "reward", "status"}, "[id    ]"},
		{[]string{"id", "status", "note", "row_key"}, "[id   ]"},
		{[]string{"email", "note", TemplateNote}, "[email meta:Note ]"},
		{[]string{"email", "Type", "Status", "Reward"}, "[email meta:Type meta:Status meta:Reward]"}, // somebody else's file
	} {
		c, err := Match(test.headers, known, labels, nil)
		if got := fmt.Sprint(c.Names); err != nil || got != test.names {
			t.Errorf("%q: %s, %v; want %s", test.headers, got, err, test.names)
		}
		if ignored := c.Ignored(); len(ignored) > 0 {
			t.Errorf("%q: %q are said to be ignored", test.headers, ignored)
		}
	}
}

// The law of the guard: what keeps a cell from running as a formula is gone
// when the cell is read.
func TestAGuardedCellReadsAsTheCell(t *testing.T) {
	text := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.SampledFrom([]rune("'=+-@\t\r\n 0a\""))))
	rapid.Check(t, func(t *rapid.T) {
		cell := text.Draw(t, "cell")
		if got, want := Text(sheet.Guard(cell)), Text(cell); got != want {
			t.Fatalf("Text(Guard(%q)) = %q, want %q", cell, got, want)
		}
	})
}
