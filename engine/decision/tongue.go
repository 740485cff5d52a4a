package decision

import (
	"golang.org/x/text/language"

	"github.com/sihai-network/sihai/engine"
)

// tongue is the languages that a traveller reads, and what was found for them among the languages of texts.
type tongue struct {
	tags  []language.Tag // most preferred first; a Cantonese one is followed by zh-Hant
	ranks []int          // of tags among the traveller's own, from 1
	own   []language.Tag // without what was added
	sets  map[*engine.LanguageSet]spoken
}

// spoken is the language in which a text is offered.
type spoken struct {
	index int // into LanguageSet.Tags; -1: none fits
	rank  int // of the traveller's language, from 1; 0: not one of theirs
}

// maxSets bounds what a tongue remembers.
const maxSets = 256

// newTongue makes a tongue of validated tags; what does not parse is left out.
func newTongue(languages []string) *tongue {
	t := &tongue{sets: make(map[*engine.LanguageSet]spoken)}
	for i, name := range languages {
		tag, err := language.Parse(name)
		if err != nil {
			continue
		}
		t.own = append(t.own, tag)
		t.tags, t.ranks = append(t.tags, tag), append(t.ranks, i+1)
		if base, _ := tag.Base(); base.String() == cantonese {
			t.tags, t.ranks = append(t.tags, language.TraditionalChinese), append(t.ranks, i+1)
		}
	}
	return t
}

// cantonese is a language whose readers read written Chinese in the traditional script, of which x/text knows nothing.
const cantonese = "yue"

// speak returns the language of a text for the traveller: the best by x/text's matcher; where none fits, the fallback; and
// for a traveller who names no language the fallback or else the first.
func (t *tongue) speak(set *engine.LanguageSet, fallback language.Tag) spoken {
	if found, ok := t.sets[set]; ok {
		return found
	}
	found := t.match(set)
	if found.index < 0 {
		found.index = matched(set, language.High, fallback)
	}
	if found.index < 0 && len(t.tags) == 0 && len(set.Tags) > 0 {
		found.index = 0
	}
	if len(t.sets) >= maxSets {
		clear(t.sets)
	}
	t.sets[set] = found
	return found
}

// match returns the best language of a set and which of the traveller's own it answers.
func (t *tongue) match(set *engine.LanguageSet) spoken {
	if len(t.tags) == 0 {
		return spoken{index: -1}
	}
	best := matched(set, language.Low, t.tags...)
	if best < 0 {
		return spoken{index: -1}
	}
	for i, tag := range t.tags {
		if matched(set, language.Low, tag) == best {
			return spoken{best, t.ranks[i]}
		}
	}
	return spoken{best, t.ranks[len(t.ranks)-1]}
}

// matched returns the index of the tag of a set that fits some languages best, with some confidence; -1 for none. The matcher's
// index is used and not its tag, which may carry extensions that are none of the set's.
func matched(set *engine.LanguageSet, least language.Confidence, tags ...language.Tag) int {
	_, i, confidence := set.Matcher.Match(tags...)
	if confidence < least || i >= len(set.Tags) {
		return -1
	}
	return i
}

// reads reports whether one of the traveller's languages has the base language of a tag and, where the tag names a script, that
// script; a language without one is taken in its usual script.
func (t *tongue) reads(tag language.Tag) bool {
	base, script, _ := tag.Raw()
	for _, own := range t.own {
		if b, _ := own.Base(); b != base {
			continue
		}
		if script == (language.Script{}) {
			return true
		}
		if s, _ := own.Script(); s == script {
			return true
		}
	}
	return false
}

// wording returns a text in a language, else in the fallback, else in the first language that it has.
func wording(text engine.Text, tag, fallback string) string {
	if s, ok := text[tag]; ok || len(text) == 0 {
		return s
	}
	if s, ok := text[fallback]; ok {
		return s
	}
	return text[text.Languages()[0]]
}
