package recomly

import (
	"strings"

	"github.com/nyaruka/phonenumbers/v2"

	"github.com/refbulk/refbulk/pkg/fields"
)

const writePhone = "write a US number such as +1 312 555 0142"

// usE164 is a US number in the form in which the API takes it.
var usE164 = pattern(`^\+1\d{10}$`)

// phone reads a phone number into E.164. The API documents US numbers alone:
// others are refused here, with a reason, instead of there.
func phone(cell string) (string, fault) {
	text := strings.TrimPrefix(strings.ToLower(fields.Word(cell)), "tel:")
	if text == "" {
		return "", fault{}
	}
	if digits := fields.WholePart(text); strings.Trim(digits, "0123456789") == "" {
		text = digits
	}
	switch {
	case strings.Contains(text, "e+"):
		return "", fault{"is a number that a spreadsheet has rounded; its digits are lost", "export the list again and format the column as text before saving"}
	case strings.ContainsAny(text, "/;,|\n") || strings.Contains(text, " or "):
		return "", fault{"holds several phone numbers", "keep one"}
	case strings.ContainsAny(text, "abcdefghijklmnopqrstuvwxyz#"):
		return "", fault{"holds letters or an extension, which no message can be sent to", writePhone}
	}
	number, err := phonenumbers.Parse(text, "US")
	if err != nil {
		return "", fault{"is not a phone number", writePhone}
	}
	if phonenumbers.IsValidNumberForRegion(number, "US") {
		return phonenumbers.Format(number, phonenumbers.E164), fault{}
	}
	if region := phonenumbers.GetRegionCodeForNumber(number); phonenumbers.IsValidNumber(number) && region != "" {
		return "", fault{"is a phone number of the country " + region + ", and Recomly takes numbers of the US alone", "leave it empty, and invite by e-mail"}
	}
	return "", fault{"is not a phone number that exists in the US", writePhone}
}

// samePhone is the form in which two numbers are compared. One that cannot be
// read as a US number is compared by its digits.
func samePhone(number string) string {
	if usE164().MatchString(number) {
		return number
	}
	if read, bad := phone(number); bad.reason == "" && read != "" {
		return read
	}
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, number)
}
