package catalog

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bojanz/currency"
	"golang.org/x/text/language"

	"github.com/sihai-network/sihai/engine"
)

// checker gathers the faults of one value.
type checker struct{ faults engine.Faults }

func (k *checker) add(path, code, format string, args ...any) {
	k.faults.Add(path, code, format, args...)
}

// at is the path of an entry of a list.
func at(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// id checks an identifier: it is part of offer IDs and of keys, so that '/' and '@' cannot be in it.
func (k *checker) id(path, id string) {
	switch {
	case id == "":
		k.add(path, "required", "an ID is needed")
	case len(id) > 64:
		k.add(path, "too_long", "an ID has at most 64 characters, not %d", len(id))
	case !isID(id):
		k.add(path, "invalid", "an ID begins with a letter or digit and holds letters, digits and . _ : - only")
	}
}

func isID(s string) bool {
	for i, c := range []byte(s) {
		alnum := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !alnum && (i == 0 || strings.IndexByte("._:-", c) < 0) {
			return false
		}
	}
	return s != ""
}

// text checks a text in several languages.
func (k *checker) text(path string, t engine.Text, most int, required bool) {
	if len(t) == 0 {
		if required {
			k.add(path, "required", "a text in at least one language is needed")
		}
		return
	}
	if !k.count(path, len(t), MaxTextLanguages) {
		return
	}
	first := make(map[string]string, len(t))
	for _, tag := range t.Languages() {
		member := path + "." + tag
		if len(tag) > MaxTag || !utf8.ValidString(tag) {
			k.add(path, "invalid", "%.40q is not a BCP 47 language tag", tag)
			continue
		}
		if name, ok := k.language(member, tag); ok {
			if other, twice := first[name]; twice {
				k.add(member, "duplicate", "%s and %s are the same language", other, tag)
			}
			first[name] = tag
		}
		k.wording(member, t[tag], most)
	}
}

// isForbidden reports whether a character ends or steers what shows a text: the controls of ASCII but for line ends and tabs. The
// controls of Latin-1 are let through, as they fill the texts of files whose encoding was mistaken once.
func isForbidden(r rune) bool {
	return r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f
}

// wording checks a text of several lines.
func (k *checker) wording(path, s string, most int) {
	switch {
	case !utf8.ValidString(s):
		k.add(path, "invalid", "a text is in UTF-8")
	case strings.TrimSpace(s) == "":
		k.add(path, "required", "a text cannot be empty")
	case utf8.RuneCountInString(s) > most:
		k.add(path, "too_long", "a text here has at most %d characters, not %d", most, utf8.RuneCountInString(s))
	case strings.ContainsFunc(s, isForbidden):
		k.add(path, "invalid", "a text holds no control characters")
	}
}

// word checks a name on one line, such as that of a segment.
func (k *checker) word(path, s string) {
	switch {
	case s == "":
		k.add(path, "required", "a name cannot be empty")
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) || strings.TrimSpace(s) != s:
		k.add(path, "invalid", "a name is one line of text without space at its ends")
	case utf8.RuneCountInString(s) > MaxWord:
		k.add(path, "too_long", "a name has at most %d characters", MaxWord)
	}
}

// words checks a list of names without doubles.
func (k *checker) words(path string, list []string, most int) {
	if !k.count(path, len(list), most) {
		return
	}
	seen := make(map[string]int, len(list))
	for i, s := range list {
		k.word(at(path, i), s)
		k.once(path, i, s, seen)
	}
}

// once tells of an entry that is there before.
func (k *checker) once(path string, i int, entry string, seen map[string]int) {
	if first, twice := seen[entry]; twice {
		k.add(at(path, i), "duplicate", "%q is there already, at %s", entry, at(path, first))
		return
	}
	seen[entry] = i
}

// count reports whether a list is short enough to be looked at.
func (k *checker) count(path string, n, most int) bool {
	if n > most {
		k.add(path, "too_many", "at most %d entries, not %d", most, n)
	}
	return n <= most
}

// language checks a BCP 47 tag and returns its canonical form.
func (k *checker) language(path, tag string) (canonical string, ok bool) {
	canonical, ok = canonicalTag(tag)
	if !ok {
		k.add(path, "invalid", "%.40q is not a BCP 47 language tag", tag)
	}
	return canonical, ok
}

// canonicalTag returns the canonical form of a tag, or false for one that names no language.
func canonicalTag(tag string) (string, bool) {
	if len(tag) > MaxTag {
		return "", false
	}
	parsed, err := language.Parse(tag)
	if err != nil {
		return "", false
	}
	base, _, _ := parsed.Raw()
	return parsed.String(), base.String() != "und"
}

// languages checks a list of tags without doubles.
func (k *checker) languages(path string, tags []string) {
	if !k.count(path, len(tags), MaxLanguages) {
		return
	}
	seen := make(map[string]int, len(tags))
	for i, tag := range tags {
		if name, ok := k.language(at(path, i), tag); ok {
			k.once(path, i, name, seen)
		}
	}
}

// category checks a merchant category code.
func (k *checker) category(path, code string) {
	digits := !strings.ContainsFunc(code, func(r rune) bool { return r < '0' || r > '9' })
	if len(code) != 4 || !digits {
		k.add(path, "invalid", "%.20q is not a merchant category code of four digits (ISO 18245)", code)
	}
}

// currency checks an ISO 4217 code in use.
func (k *checker) currency(path, code string) {
	switch {
	case code == "":
		k.add(path, "required", "a currency is needed")
	case !currency.IsValid(code):
		k.add(path, "invalid", "%.20q is not a currency in use (ISO 4217, upper case)", code)
	}
}

// money checks a sum that is above zero.
func (k *checker) money(path string, m engine.Money) {
	if m.Amount < 1 || m.Amount > MaxAmount {
		k.add(path+".amount", "out_of_range", "%d is not between 1 and %d minor units", m.Amount, MaxAmount)
	}
	k.currency(path+".currency", m.Currency)
}

// given reports whether a sum of money is there at all, right or wrong.
func given(m engine.Money) bool { return m != engine.Money{} }

// among checks a name against those there are. The first of allowed may be "" where nothing need be given.
func among[T ~string](k *checker, path string, value T, allowed ...T) {
	var names []string
	for _, a := range allowed {
		if a == value {
			return
		}
		if a != "" {
			names = append(names, string(a))
		}
	}
	code := "invalid"
	if value == "" {
		code = "required"
	}
	k.add(path, code, "%.40q is none of %s", string(value), strings.Join(names, ", "))
}
