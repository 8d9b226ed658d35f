package fields

import "testing"

// A run cleans each cell of a million rows: the usual ones cost no memory.

var sink string

func BenchmarkText(b *testing.B) {
	for name, cell := range map[string]string{"plain": "Jane Doe", "accented": "Renée Müller", "spaced": "  Jane\u00a0Doe "} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				sink = Text(cell)
			}
		})
	}
}

func BenchmarkName(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		sink = Name("Jane")
	}
}

func BenchmarkEmail(b *testing.B) {
	for name, cell := range map[string]string{"plain": "jane.doe+refer@mail.example.com", "named": "Jane Doe <jane@example.com>", "wrong": "jane@gmail.con"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				sink, _ = Email("Email", cell)
			}
		})
	}
}

func BenchmarkSameEmail(b *testing.B) {
	for name, cell := range map[string]string{"lower": "jane@example.com", "upper": "JANE@Example.com", "international": "josé@bücher.example"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				sink = SameEmail(cell)
			}
		})
	}
}

func BenchmarkNormalize(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		sink = Normalize("E-Mail Address *")
	}
}

func BenchmarkKnown(b *testing.B) {
	known := Known(people, nil)
	b.ReportAllocs()
	for b.Loop() {
		sink = known("E-Mail Address *")
	}
}

func BenchmarkMatch(b *testing.B) {
	headers := []string{"Record ID", "First Name", "Last Name", "Email", "Contact owner", "Referred By"}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Match(headers, people, []string{"City"}, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func TestUsualCellsCostNoMemory(t *testing.T) {
	for name, f := range map[string]func(){
		"Text":           func() { sink = Text("Jane Doe") },
		"Text, accented": func() { sink = Text("Renée") },
		"Name":           func() { sink = Name("Jane") },
		"Word":           func() { sink = Word("ueON") },
		"Email":          func() { sink, _ = Email("Email", "jane@example.com") },
		"SameEmail":      func() { sink = SameEmail("jane@example.com") },
		"ID":             func() { _, _ = ID("id", "12345") },
		"Yes":            func() { _, _, _ = Yes("notify", "TRUE") },
	} {
		if n := testing.AllocsPerRun(100, f); n > 0 {
			t.Errorf("%s: %v allocations, want none", name, n)
		}
	}
}
