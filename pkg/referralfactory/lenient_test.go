package referralfactory

import (
	"encoding/json"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

func TestUsersAreReadInEveryFormTheyHaveBeenSeenIn(t *testing.T) {
	full := User{ID: 17, CampaignID: 4, ReferrerID: 3, Code: "Kp3x", URL: "https://acme.example/Kp3x", FirstName: "Noor", Email: "noor@example.com",
		Type: Invited, SignedUpAt: "2026-02-03", Meta: []MetaValue{{Field: "City", Value: "Utrecht"}, {Field: "Size", Value: json.Number("123456789012345678")}}}
	for body, want := range map[string]User{
		`{"id": 17, "campaign_id": 4, "referrer_id": 3, "code": "Kp3x", "url": "https://acme.example/Kp3x", "first_name": "Noor", "email": "noor@example.com",
		  "type": "person_invited", "signed_up_at": "2026-02-03", "qualified_at": null, "reach": "0", "sharing": {"socials": []},
		  "meta": [{"field": "City", "value": "Utrecht"}, {"field": "Size", "value": 123456789012345678}]}`: full,
		`{"id": "17", "campaign_id": "4", "referrer_id": "3", "code": "Kp3x", "url": "https://acme.example/Kp3x", "first_name": "Noor", "email": "noor@example.com",
		  "type": "person_invited", "signed_up_at": "2026-02-03", "reach": 0, "sharing": [], "ip": null,
		  "meta": [{"field": "City", "value": "Utrecht"}, {"field": "Size", "value": 123456789012345678}, 7, {"value": "no label"}]}`: full,
		`{"user_id": 17}`: {ID: 17, Type: Referring},
		`{"id": 17.0, "referrer_id": 3, "meta": {}}`: {ID: 17, ReferrerID: 3, Type: Invited},
		`{"id": 1.5}`: {Type: Referring},
		`{"id": 17, "code": 12345678, "url": [], "meta": 1}`:       {ID: 17, Code: "12345678", Type: Referring},
		`{"id": 17, "first_name": false, "email": {}}`:             {ID: 17, Type: Referring},
		`{"id": 17, "qualified": true}`:                            {ID: 17, Type: Referring, QualifiedAt: "yes"},
		`{"id": 17, "qualified": 1, "qualified_at": "2026-02-03"}`: {ID: 17, Type: Referring, QualifiedAt: "2026-02-03"},
		`{"id": 17, "qualified": false, "qualified_at": null}`:     {ID: 17, Type: Referring},
	} {
		var got User
		if err := json.Unmarshal([]byte(body), &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s\n is read as %+v, %v\n want %+v", body, got, err, want)
		}
	}
}

func TestCampaignsAreReadInEveryFormTheyHaveBeenSeenIn(t *testing.T) {
	for body, want := range map[string]Campaign{
		`{"id": 4, "name": "Friends", "code": "Cx", "url": "https://acme.example", "status": "launched", "starts_at": null, "ends_at": "2026-12-31",
		  "fields": {"person_referring": [{"id": 1, "type": "input", "label": "City", "value": "", "required": true}],
		             "person_invited": [{"type": "select", "label": "Size", "value": ["S", "M"], "required": "0"}]}}`: {
			ID: 4, Name: "Friends", Code: "Cx", URL: "https://acme.example", Status: "launched", EndsAt: "2026-12-31",
			Fields: []Field{{Role: Referring, Label: "City", Required: true}, {Role: Invited, Label: "Size", Options: []string{"S", "M"}}}},
		`{"id": "4", "fields": []}`: {ID: 4},
		`{"id": 4, "fields": {"person_referring": {}, "person_invited": [7, {"label": ""}, {"label": "Size", "type": "select", "value": "S, M"},
		  {"label": "Own", "type": "select", "value": [{"label": "S"}]}, {"label": "None", "type": "select", "value": []}]}}`: {
			ID: 4, Fields: []Field{{Role: Invited, Label: "Size"}, {Role: Invited, Label: "Own"}, {Role: Invited, Label: "None"}}},
	} {
		var got Campaign
		if err := json.Unmarshal([]byte(body), &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s\n is read as %+v, %v\n want %+v", body, got, err, want)
		}
	}
}

// Most strings are read without going through encoding/json once more.
func TestTextIsReadAsEncodingJSONReadsIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.OneOf(
			rapid.Map(rapid.String(), func(s string) string { b, _ := json.Marshal(s); return string(b) }),
			rapid.StringMatching(`"([ -!#-\[\]-~]|\\\\[nt"\\\\/]|\\\\u[0-9a-f]{4}|\x{fffd}|é|😀)*"`),
			rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 8), func(b []byte) string { return `"` + string(b) + `"` }),
		).Draw(t, "JSON")
		if !json.Valid([]byte(raw)) {
			t.Skip()
		}
		var want string
		if err := json.Unmarshal([]byte(raw), &want); err != nil {
			t.Fatal(err)
		}
		var got struct{ A text }
		if err := json.Unmarshal([]byte(`{"A":`+raw+`}`), &got); err != nil || string(got.A) != want {
			t.Fatalf("%s is read as %q, %v, want %q", raw, got.A, err, want)
		}
	})
}

// Whatever is read, an index gives it back as it is, and its values hold what
// they say.
func FuzzUser(f *testing.F) {
	for _, seed := range []string{
		`{"id": 17, "code": "Kp3x", "url": "https://acme.example/Kp3x", "meta": [{"field": "City", "value": ["a", 1.50, true, null, {"k": "\u0000"}]}]}`,
		`{"id": "17", "campaign_id": -1, "meta": [{"field": "a", "value": 1e400}, {"field": "b", "value": "<&>"}]}`, `{"id": 1e3}`, `[]`, `null`, `{"id": {}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var u User
		if json.Unmarshal(body, &u) != nil {
			return
		}
		x := newIndex(0)
		x.put(&u)
		if got := x.user(u.ID); !reflect.DeepEqual(*got, u) {
			t.Errorf("%s\n is read as %+v\n and kept as %+v", body, u, *got)
		}
		for _, m := range u.Meta {
			if cell := cleaned(m.Text()); !m.holds(cell) {
				t.Errorf("%#v does not hold its own text %q", m.Value, cell)
			}
			if cell := cleaned(m.Text()); cell != "" {
				if _, err := json.Marshal(like(m.Value, cell)); err != nil {
					t.Errorf("%#v cannot be sent again: %v", m.Value, err)
				}
			}
		}
	})
}

// Decoding what a server says never fails in any other way than by an error.
func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{
		`{"id": 4, "fields": {"person_referring": [{"type": "select", "label": "City", "value": ["a"], "required": 1}]}}`,
		`{"message": "no", "errors": {"email": [{"message": "taken"}, "x"], "b": "y"}}`, `{"errors": [[[]]]}`, `{"fields": "x", "errors": {"": [null]}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var c Campaign
		if json.Unmarshal(body, &c) == nil {
			for _, field := range c.Fields {
				if _, known := c.field(&field.Label); !known {
					t.Errorf("campaign %+v does not know its own field %q", c, field.Label)
				}
			}
		}
		if message, _ := explain(body); len(message) > 410 {
			t.Errorf("explain gives a message of %d bytes", len(message))
		}
	})
}
