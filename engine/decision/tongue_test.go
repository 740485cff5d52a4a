package decision

import (
	"testing"

	"golang.org/x/text/language"

	"github.com/sihai-network/sihai/engine"
)

func setOf(tags ...string) *engine.LanguageSet {
	parsed := make([]language.Tag, len(tags))
	for i, tag := range tags {
		parsed[i] = language.MustParse(tag)
	}
	return &engine.LanguageSet{Tags: tags, Matcher: language.NewMatcher(parsed)}
}

func TestSpeak(t *testing.T) {
	cases := []struct {
		name string
		user []string
		text []string
		want string // empty: none
		rank int
	}{
		{"the first language", []string{"zh-Hans", "en"}, []string{"en", "zh-Hans"}, "zh-Hans", 1},
		{"the second where the first is not there", []string{"ja", "en"}, []string{"en", "zh-Hans"}, "en", 2},
		{"a region's language", []string{"zh-CN"}, []string{"en", "zh-Hans"}, "zh-Hans", 1},
		{"Taiwan reads the traditional script", []string{"zh-TW"}, []string{"en", "zh-Hans", "zh-Hant"}, "zh-Hant", 1},
		{"Cantonese reads it too", []string{"yue"}, []string{"en", "zh-Hans", "zh-Hant"}, "zh-Hant", 1},
		{"Cantonese of Hong Kong second", []string{"th", "yue-HK"}, []string{"en", "zh-Hant"}, "zh-Hant", 2},
		{"Cantonese itself comes first", []string{"yue"}, []string{"en", "yue", "zh-Hant"}, "yue", 1},
		{"the fallback", []string{"ja"}, []string{"en", "zh-Hans"}, "en", 0},
		{"the fallback of another region", []string{"ja"}, []string{"de", "en-GB"}, "en-GB", 0},
		{"neither it nor the fallback", []string{"ja"}, []string{"de", "zh-Hans"}, "", 0},
		{"no language of one's own: the fallback", nil, []string{"de", "en"}, "en", 0},
		{"no language of one's own: the first", nil, []string{"de", "zh-Hans"}, "de", 0},
		{"a tag with extensions", []string{"de-u-co-phonebk"}, []string{"en", "de"}, "de", 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			tongue, set := newTongue(c.user), setOf(c.text...)
			for range 2 { // the second answer is the remembered one
				got := tongue.speak(set, language.English)
				tag := ""
				if got.index >= 0 {
					tag = set.Tags[got.index]
				}
				if tag != c.want || got.rank != c.rank {
					t.Errorf("%q rank %d, want %q rank %d", tag, got.rank, c.want, c.rank)
				}
			}
		})
	}
}

func TestReads(t *testing.T) {
	cases := []struct {
		user, audience string
		want           bool
	}{
		{"zh-Hans", "zh", true}, {"zh-TW", "zh", true}, {"zh-Hans", "zh-Hans", true}, {"zh-CN", "zh-Hans", true},
		{"zh-TW", "zh-Hans", false}, {"zh", "zh-Hans", true}, {"en-GB", "en", true}, {"en", "de", false}, {"nb", "da", false},
	}
	for _, c := range cases {
		if got := newTongue([]string{c.user}).reads(language.MustParse(c.audience)); got != c.want {
			t.Errorf("a reader of %s reads %s: %v", c.user, c.audience, got)
		}
	}
}

func TestWording(t *testing.T) {
	text := engine.Text{"de": "d", "en": "e", "fr": "f"}
	for tag, want := range map[string]string{"fr": "f", "ja": "e"} {
		if got := wording(text, tag, "en"); got != want {
			t.Errorf("%s: %q, want %q", tag, got, want)
		}
	}
	if got := wording(text, "ja", "it"); got != "d" {
		t.Errorf("without the fallback: %q", got)
	}
	if got := wording(nil, "ja", "en"); got != "" {
		t.Errorf("no text: %q", got)
	}
}
