package catalog_test

import (
	"fmt"
	"testing"

	"golang.org/x/text/language"

	"github.com/sihai-network/sihai/engine"
)

func TestLanguageSets(t *testing.T) {
	h := newHouse(t, 1, "m-1")
	p, _ := openPublisher(t, h.db)
	for i, test := range []struct {
		offered []string // the set's order
		wanted  string
		want    string
	}{
		{[]string{"en", "de", "zh-Hans", "zh-Hant"}, "zh-HK", "zh-Hant"},
		{[]string{"en", "de", "zh-Hans", "zh-Hant"}, "zh-SG", "zh-Hans"},
		{[]string{"en", "de", "zh-Hans", "zh-Hant"}, "de-AT", "de"},
		{[]string{"en", "de", "zh-Hans", "zh-Hant"}, "yue", "zh-Hant"},
		{[]string{"en", "zh-Hans", "zh-Hant"}, "yue-Hans", "zh-Hans"},
		{[]string{"en", "zh-Hans"}, "yue", "zh-Hans"},
		{[]string{"en", "yue", "zh-Hant"}, "yue", "yue"},
		{[]string{"de", "fr"}, "fr-CH", "fr"},
		{[]string{"de", "fr"}, "ja", ""},
		{[]string{"en"}, "yue", ""},
	} {
		c := campaign("m-1", fmt.Sprintf("c-%d", i), "v-0")
		c.Title = make(engine.Text)
		for _, tag := range test.offered {
			c.Title[tag] = "x"
		}
		h.put(t, c)
		var set *engine.LanguageSet
		s := settle(t, h.db, p)
		for _, placing := range s.Residents.At(s.Places.Within(nil, miami, 1)[0].Handle).At {
			if placing.Listing.ID == c.ID {
				set = placing.Listing.Languages
			}
		}
		mustEqual(t, "tags", set.Tags, test.offered)
		_, index, confidence := set.Matcher.Match(language.MustParse(test.wanted))
		got := set.Tags[index]
		if confidence == language.No {
			got = ""
		}
		if got != test.want {
			t.Errorf("%s of %v: %q with confidence %v, want %q", test.wanted, test.offered, got, confidence, test.want)
		}
	}
}
