package wire

import (
	"testing"

	"golang.org/x/text/language"
)

// What is known beforehand of languages and countries is what x/text says.
func TestLanguagesAndCountriesAreThoseOfTheRegistry(t *testing.T) {
	for _, a := range letters {
		for _, b := range letters {
			code := string(a) + string(b)
			if _, err := language.Parse(code); isLanguage(code) != (err == nil) {
				t.Errorf("language %s: %v, x/text: %v", code, isLanguage(code), err)
			}
			region, err := language.ParseRegion(code)
			if want := err == nil && region.IsCountry() && region.String() == code; isCountry(code) != want {
				t.Errorf("country %s: %v, x/text: %v", code, isCountry(code), want)
			}
		}
	}
	for _, tag := range []string{"en-GB", "en-US", "zh-CN", "zh-Hans", "zh-Hans-CN", "zh-Hant", "zh-Hant-HK", "zh-Hant-TW", "zh-HK", "zh-TW", "ja-JP", "ko-KR",
		"de-DE", "es-ES", "fr-FR", "pt-BR"} {
		if _, err := language.Parse(tag); err != nil || !isLanguage(tag) {
			t.Errorf("language %s: %v", tag, err)
		}
	}
	for _, tag := range []string{"", "e", "zh_", "zh-Hans-XXXX-", "en-", "\xff"} {
		if isLanguage(tag) {
			t.Errorf("%q is a language", tag)
		}
	}
	if isCountry("") || isCountry("C") || isCountry("CHN") || isCountry("C\xff") {
		t.Error("what is no code names a country")
	}
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0-"
