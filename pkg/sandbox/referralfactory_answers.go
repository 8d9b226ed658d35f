package sandbox

import "net/http"

// failure is the envelope of an error.
type failure struct {
	Code    int      `json:"code,omitempty"`
	Message string   `json:"message"`
	Errors  problems `json:"errors,omitempty"`
}

// problems is what is wrong with a body, by field.
type problems map[string][]problem

type problem struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

func (p problems) add(field, message string) {
	p[field] = append(p[field], problem{field, message})
}

func problemWith(field, message string) problems {
	p := problems{}
	p.add(field, message)
	return p
}

func (f *referralFactory) refuse(status int, message string) answer {
	if f.behaviour.PlainErrors {
		return jsonAnswer(status, failure{Message: message})
	}
	return jsonAnswer(status, failure{Code: status, Message: message})
}

func (f *referralFactory) invalid(p problems) answer {
	const message = "request did not validate"
	if f.behaviour.PlainErrors {
		return jsonAnswer(http.StatusUnprocessableEntity, failure{Message: message + p.sentence()})
	}
	return jsonAnswer(http.StatusUnprocessableEntity, failure{http.StatusUnprocessableEntity, message, p})
}

// absent answers for somebody who is not there: an id below next was there
// once.
func (f *referralFactory) absent(what string, id, next int64) answer {
	if f.behaviour.DeletedGone && id > 0 && id < next {
		return f.refuse(http.StatusGone, what+" was removed")
	}
	return f.refuse(http.StatusNotFound, what+" not found")
}

func (p problems) sentence() string {
	text := ""
	for _, field := range sortedKeys(p) {
		for _, one := range p[field] {
			text += "; " + field + " " + one.Message
		}
	}
	return text
}

// single wraps one object.
type single struct {
	Data any `json:"data"`
}

func dataAnswer(status int, v any) answer { return jsonAnswer(status, single{v}) }

// orNull is s, or null when it is empty, as the API writes absent dates.
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}
