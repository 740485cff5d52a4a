package catalog

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"github.com/sihai-network/sihai/engine"
)

// languageSets keeps one set for each list of languages. It belongs to one goroutine.
type languageSets map[string]*engine.LanguageSet

// of returns the set of a text's languages.
func (l languageSets) of(t engine.Text) (*engine.LanguageSet, error) {
	var few [8]string
	var room [64]byte
	names, key := few[:0], room[:0]
	for name := range t {
		names = append(names, name)
	}
	slices.SortFunc(names, englishFirst)
	for _, name := range names {
		key = append(append(key, ' '), name...)
	}
	if set := l[string(key)]; set != nil {
		return set, nil
	}
	names = slices.Clone(names)
	tags, err := parseTags(names)
	if err != nil {
		return nil, err
	}
	hasCantonese := slices.ContainsFunc(tags, isCantonese)
	set := &engine.LanguageSet{Tags: names, Matcher: matcher{language.NewMatcher(tags), hasCantonese}}
	l[string(key)] = set
	return set, nil
}

func englishFirst(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == "en":
		return -1
	case b == "en":
		return 1
	}
	return strings.Compare(a, b)
}

func parseTags(names []string) ([]language.Tag, error) {
	var tags []language.Tag
	for _, name := range names {
		tag, err := language.Parse(name)
		if err != nil {
			return nil, fmt.Errorf("parse language tag %q: %w", name, err)
		}
		tags = append(tags, tag)
	}
	return tags, nil
}

// matcher serves readers of Cantonese the written Chinese of their script, traditional unless they say otherwise, where
// there is no text in Cantonese: package language sees no kinship between yue and zh.
type matcher struct {
	language.Matcher
	hasCantonese bool
}

// Match returns the index of the best language of the set, as language.Matcher does.
func (m matcher) Match(wanted ...language.Tag) (language.Tag, int, language.Confidence) {
	if !m.hasCantonese && slices.ContainsFunc(wanted, isCantonese) {
		wanted = slices.Clone(wanted)
		for i, tag := range wanted {
			if isCantonese(tag) {
				wanted[i] = writtenChinese(tag)
			}
		}
	}
	return m.Matcher.Match(wanted...)
}

func isCantonese(t language.Tag) bool {
	base, _, _ := t.Raw()
	return base.String() == "yue"
}

func writtenChinese(t language.Tag) language.Tag {
	if _, script, _ := t.Raw(); script.String() == "Hans" {
		return language.SimplifiedChinese
	}
	return language.TraditionalChinese
}
