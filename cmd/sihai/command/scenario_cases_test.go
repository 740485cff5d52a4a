package command

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
)

// scenarioCase is something that a scenario has to show.
type scenarioCase struct {
	name  string
	shown func(f *facts) bool
}

// TestScenariosShowEveryCase fails when a case is in no file.
func TestScenariosShowEveryCase(t *testing.T) {
	var all []*facts
	for _, s := range readScenarios(t) {
		all = append(all, factsOf(t, s))
	}
	for _, cases := range [][]scenarioCase{reasonCases(), discountCases(), moneyCases(), languageCases(), clockCases(), windowCases(), placeCases(), listCases(), ruleCases()} {
		for _, c := range cases {
			if !slices.ContainsFunc(all, c.shown) {
				t.Errorf("no scenario shows %s", c.name)
			}
		}
	}
}

// TestScenariosAreDocumented holds each file to say what it shows, under a title of its own.
func TestScenariosAreDocumented(t *testing.T) {
	titles := make(map[string]string)
	for _, s := range readScenarios(t) {
		if s.Title == "" || len(s.Doc) < 40 || !strings.HasSuffix(s.Doc, ".") {
			t.Errorf("%s: it needs a title and a doc of a sentence or two", s.name)
		}
		if other := titles[s.Title]; other != "" {
			t.Errorf("%s has the title of %s", s.name, other)
		}
		titles[s.Title] = s.name
		if len(s.Expect) == 0 {
			t.Errorf("%s expects nothing", s.name)
		}
	}
}

// reasonCases are the reasons that exist; those of counts come of events.
// orderReasons are those that no decision gives: only an order is refused for them, see engine/ledger.
var orderReasons = []engine.ReasonCode{
	engine.CodeRequired, engine.CodeUnknown, engine.CodeUsed, engine.BelowMinSpend, engine.RateUnknown, engine.UserMissing,
	engine.NotReserved, engine.NotConfirmed, engine.RollbackTooLarge, engine.NotStackable, engine.NothingLeft,
}

func reasonCases() (cases []scenarioCase) {
	for code := range 1000 {
		reason := engine.ReasonCode(code)
		if reason.String() == "unknown" || slices.Contains(orderReasons, reason) {
			continue
		}
		counted := code >= 330 && code < 350
		cases = append(cases, scenarioCase{fmt.Sprintf("reason %d %s", code, reason), func(f *facts) bool {
			return f.expects(code) && (!counted || len(f.Events) > 0)
		}})
	}
	return append(cases, scenarioCase{"three reasons against one candidate", func(f *facts) bool {
		return f.any(func(x *verdict) bool { return len(x.codes) >= 3 })
	}})
}

// ruleCases are the rules that are neither places nor clocks nor audiences.
func ruleCases() []scenarioCase {
	return []scenarioCase{
		{"an offer that is shown ahead", func(f *facts) bool {
			return f.any(func(x *verdict) bool {
				return x.offer != nil && x.offer.StartsAt > f.Now.Format("2006-01-02T15:04:05Z07:00")
			})
		}},
		{"an offer that is shown no longer although its flight goes on", func(f *facts) bool {
			return f.any(func(x *verdict) bool {
				return x.rejected(320) && x.campaign.Display != nil && x.campaign.Display.End != ""
			})
		}},
		{"a blackout of a night that began before it", func(f *facts) bool {
			return f.any(func(x *verdict) bool { return x.rejected(322) && len(x.campaign.Flight.Windows) > 0 })
		}},
		{"a venue that names no partner", func(f *facts) bool {
			return len(f.request.Partners) > 0 && f.any(func(x *verdict) bool { return x.rejected(362) && len(x.venue.Partners) == 0 })
		}},
		{"a wallet of unknown partners", func(f *facts) bool {
			return len(f.request.Partners) == 0 && f.any(func(x *verdict) bool { return x.offer != nil && len(x.venue.Partners) > 0 })
		}},
		{"an offer that needs a code", func(f *facts) bool {
			return f.any(func(x *verdict) bool { return x.offer != nil && x.offer.CodeRequired })
		}},
	}
}

func discountCases() (cases []scenarioCase) {
	saves := func(f *facts, holds func(o *wire.Offer) bool) bool {
		return f.any(func(x *verdict) bool { return x.offer != nil && f.expectsSaving(x.id) && holds(x.offer) })
	}
	for _, kind := range []engine.DiscountType{
		engine.DiscountPercent, engine.DiscountAmount, engine.DiscountFixedPrice, engine.DiscountBuyXGetY, engine.DiscountGift, engine.DiscountCashback,
	} {
		cases = append(cases, scenarioCase{"the saving of " + string(kind), func(f *facts) bool {
			return saves(f, func(o *wire.Offer) bool {
				return o.Discount.Type == string(kind) && o.EstimatedSaving != nil && o.EstimatedSaving.Amount > 0
			})
		}})
	}
	minimum := func(reached bool) func(f *facts) bool {
		return func(f *facts) bool {
			return f.request.Purchase != nil && saves(f, func(o *wire.Offer) bool {
				return o.Discount.MinSpend != nil && o.EstimatedSaving != nil && (o.EstimatedSaving.Amount > 0) == reached
			})
		}
	}
	capped := func(kind string) func(f *facts) bool {
		return func(f *facts) bool {
			return saves(f, func(o *wire.Offer) bool {
				return o.Discount.Type == kind && o.Discount.Max != nil && o.EstimatedSaving != nil && o.EstimatedSaving.Amount == o.Discount.Max.Amount
			})
		}
	}
	return append(cases,
		scenarioCase{"a least spend that is reached", minimum(true)},
		scenarioCase{"a least spend that is missed", minimum(false)},
		scenarioCase{"a least spend without a purchase", func(f *facts) bool {
			return f.request.Purchase == nil && saves(f, func(o *wire.Offer) bool { return o.Discount.MinSpend != nil && o.EstimatedSaving != nil })
		}},
		scenarioCase{"a percentage at its cap", capped("percent")},
		scenarioCase{"a cashback at its cap", capped("cashback")},
		scenarioCase{"a percentage below its cap", func(f *facts) bool {
			return saves(f, func(o *wire.Offer) bool {
				return o.Discount.Max != nil && o.EstimatedSaving != nil && o.EstimatedSaving.Amount < o.Discount.Max.Amount
			})
		}},
		scenarioCase{"an amount held at the price", func(f *facts) bool {
			return saves(f, func(o *wire.Offer) bool {
				return o.Discount.Amount != nil && o.EstimatedSaving != nil && o.EstimatedSaving.RateDate == "" && o.EstimatedSaving.Amount < o.Discount.Amount.Amount
			})
		}},
		scenarioCase{"a gift of unknown worth", func(f *facts) bool {
			return saves(f, func(o *wire.Offer) bool { return o.Discount.Type == "gift" && o.EstimatedSaving == nil })
		}},
	)
}

func moneyCases() []scenarioCase {
	told := func(venue, asked, saved string) func(f *facts) bool {
		return func(f *facts) bool {
			return f.request.Currency == asked && f.any(func(x *verdict) bool {
				if x.offer == nil || x.venue.Currency != venue || !f.expectsSaving(x.id) {
					return false
				}
				s := x.offer.EstimatedSaving
				if saved == "" {
					return s == nil
				}
				return s != nil && s.Currency == saved && (s.RateDate != "") == (venue != saved)
			})
		}
	}
	return []scenarioCase{
		{"yen, which have no decimals", told("JPY", "", "JPY")},
		{"dinars, which have three", told("KWD", "", "KWD")},
		{"dollars in yuan", told("USD", "CNY", "CNY")},
		{"yen in yuan", told("JPY", "CNY", "CNY")},
		{"dinars in yen", told("KWD", "JPY", "JPY")},
		{"yen in dinars", told("JPY", "KWD", "KWD")},
		{"an unknown rate", told("USD", "KWD", "")},
		{"rates of a later day only", func(f *facts) bool { return len(f.Rates) == 2 && told("USD", "CNY", "")(f) }},
		{"a purchase in another currency", func(f *facts) bool {
			return f.request.Purchase != nil && f.any(func(x *verdict) bool { return x.offer != nil && f.request.Purchase.Currency != x.venue.Currency })
		}},
	}
}

func languageCases() []scenarioCase {
	told := func(reads, language, other string) func(f *facts) bool {
		return func(f *facts) bool {
			return len(f.reads()) > 0 && f.reads()[0] == reads && f.any(func(x *verdict) bool { return x.says(language, other) && f.expectsLanguage(x.id) })
		}
	}
	return []scenarioCase{
		{"the exact language", told("fr", "fr", "en")},
		{"the second language", told("fr", "en", "")},
		{"simplified Chinese beside traditional", told("zh-Hans", "zh-Hans", "zh-Hant")},
		{"traditional Chinese beside simplified", told("zh-Hant", "zh-Hant", "zh-Hans")},
		{"a second language before the other script", told("zh-Hant", "en", "zh-Hans")},
		{"Cantonese itself", told("yue", "yue", "zh-Hant")},
		{"Cantonese in traditional Chinese", told("yue", "zh-Hant", "zh-Hans")},
		{"Taiwan's traditional Chinese", told("zh-TW", "zh-Hant", "zh-Hans")},
		{"Singapore's simplified Chinese", told("zh-SG", "zh-Hans", "zh-Hant")},
		{"a region by its group", told("es-MX", "es-419", "es")},
		{"a region by its language", told("es-MX", "es", "en")},
		{"a region by another one", told("es-MX", "es-ES", "en")},
		{"English as the fallback", told("ja", "en", "zh-Hans")},
		{"no language offered", func(f *facts) bool { return len(f.reads()) > 0 && f.expects(351) }},
		{"English for a traveller without languages", func(f *facts) bool {
			return len(f.reads()) == 0 && f.any(func(x *verdict) bool { return x.says("en", "de") && f.expectsLanguage(x.id) })
		}},
		{"the first language for a traveller without any", func(f *facts) bool {
			return len(f.reads()) == 0 && f.any(func(x *verdict) bool { return x.says("de", "zh-Hant") && f.expectsLanguage(x.id) })
		}},
		{"texts in several languages in one offer", func(f *facts) bool {
			return f.any(func(x *verdict) bool {
				return x.offer != nil && x.offer.Description != "" && x.campaign.Description[x.offer.ContentLanguage] == ""
			})
		}},
	}
}
