package wire

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// scanner reads the tokens of common JSON: strings without escapes, and nothing nested deeply. Whatever else comes, faulty or only uncommon, is
// errUncommon, and jsontext is to read it from its beginning. What it does read it reads as jsontext does.
type scanner struct {
	text  string
	next  int
	kind  jsontext.Kind // of the token at next; 0: not yet looked for
	open  [maxOpen]byte // brackets, the innermost at depth
	depth int
	state scanState
	lost  bool // something uncommon came
}

const maxOpen = 16

// scanState is what may come next within a bracket.
type scanState int8

const (
	atFirst scanState = iota // something, or in a bracket its end
	atValue                  // the value of a member
	atNext                   // a comma and something more, or the end
)

// token is a JSON token; its text is that of a string or a number.
type token struct {
	kind jsontext.Kind
	text string
}

var errUncommon = errors.New("uncommon JSON")

// peek returns the kind of the next token; 0: what comes is uncommon.
func (s *scanner) peek() jsontext.Kind {
	if s.kind == 0 && !s.lost {
		s.find()
		s.lost = s.kind == 0
	}
	return s.kind
}

// find goes to the next token and tells its kind, if it may come here.
func (s *scanner) find() {
	c := s.char()
	bracket := s.open[s.depth]
	switch {
	case bracket == 0 && s.state == atNext:
		return // the value is over
	case s.state == atValue:
		if c != ':' {
			return
		}
		s.next++
		c = s.char()
	case bracket != 0 && c == bracket+2: // ASCII: } is two behind {, as ] is behind [
		s.kind = jsontext.Kind(c)
		return
	case s.state == atNext:
		if c != ',' {
			return
		}
		s.next++
		c = s.char()
	}
	switch {
	case bracket == '{' && s.state != atValue && c != '"':
		return
	case c == '-' || c >= '0' && c <= '9':
		s.kind = '0'
	case c == '"' || c == '{' || c == '[' || c == 't' || c == 'f' || c == 'n':
		s.kind = jsontext.Kind(c)
	}
}

// char goes behind white space and returns what is there; 0: the end.
func (s *scanner) char() byte {
	for s.next < len(s.text) {
		switch c := s.text[s.next]; c {
		case ' ', '\t', '\n', '\r':
			s.next++
		default:
			return c
		}
	}
	return 0
}

// read returns the next token.
func (s *scanner) read() (token, error) {
	t := token{kind: s.peek()}
	ok := true
	switch t.kind {
	case '{', '[':
		if ok = s.depth+1 < maxOpen; ok {
			s.depth++
			s.open[s.depth] = byte(t.kind)
			s.next++
			s.state, s.kind = atFirst, 0
			return t, nil
		}
	case '}', ']':
		s.depth--
		s.next++
	case '"':
		t.text, ok = s.string()
	case '0':
		t.text, ok = s.number()
	case 't':
		ok = s.literal("true")
	case 'f':
		ok = s.literal("false")
	case 'n':
		ok = s.literal("null")
	default:
		ok = false
	}
	if !ok {
		return token{}, errUncommon
	}
	if s.open[s.depth] == '{' && s.state != atValue && t.kind == '"' {
		s.state = atValue
	} else {
		s.state = atNext
	}
	s.kind = 0
	return t, nil
}

// skip reads the next value, of which only null is common where it is skipped.
func (s *scanner) skip() error {
	if s.peek() != 'n' {
		return errUncommon
	}
	_, err := s.read()
	return err
}

// atEnd reports whether nothing but white space is left.
func (s *scanner) atEnd() bool {
	return s.depth == 0 && s.kind == 0 && !s.lost && s.char() == 0 && s.next == len(s.text)
}

// string reads a string without escapes.
func (s *scanner) string() (string, bool) {
	ascii := true
	for i := s.next + 1; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == '"':
			found := s.text[s.next+1 : i]
			s.next = i + 1
			return found, ascii || utf8.ValidString(found)
		case c == '\\' || c < ' ':
			return "", false
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return "", false
}

// number reads a number by the grammar of RFC 8259, section 6. What may not follow one is found by the next look.
func (s *scanner) number() (string, bool) {
	begin := s.next
	if s.text[s.next] == '-' {
		s.next++
	}
	whole := s.next
	if n := s.digits(); n == 0 || n > 1 && s.text[whole] == '0' {
		return "", false
	}
	if s.next < len(s.text) && s.text[s.next] == '.' {
		s.next++
		if s.digits() == 0 {
			return "", false
		}
	}
	if s.next < len(s.text) && (s.text[s.next] == 'e' || s.text[s.next] == 'E') {
		s.next++
		if s.next < len(s.text) && (s.text[s.next] == '+' || s.text[s.next] == '-') {
			s.next++
		}
		if s.digits() == 0 {
			return "", false
		}
	}
	return s.text[begin:s.next], true
}

// digits goes behind digits and counts them.
func (s *scanner) digits() int {
	begin := s.next
	for s.next < len(s.text) && s.text[s.next] >= '0' && s.text[s.next] <= '9' {
		s.next++
	}
	return s.next - begin
}

func (s *scanner) literal(word string) bool {
	if !strings.HasPrefix(s.text[s.next:], word) {
		return false
	}
	s.next += len(word)
	return true
}
