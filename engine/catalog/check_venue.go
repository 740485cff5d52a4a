package catalog

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
)

// CheckMerchant tells everything that is wrong with m.
func (s *Service) CheckMerchant(m *engine.Merchant) engine.Faults {
	var k checker
	k.id("id", m.ID)
	k.text("name", m.Name, MaxName, true)
	among(&k, "approval", m.Approval, engine.ApprovalNone, engine.ApprovalSecondKey)
	return k.faults
}

// CheckVenue tells everything that is wrong with v. An empty time zone is none of it: PutVenue finds one.
func (s *Service) CheckVenue(v *engine.Venue) engine.Faults {
	var k checker
	k.id("id", v.ID)
	k.id("merchant_id", v.MerchantID)
	k.text("name", v.Name, MaxName, true)
	k.position(v.Position)
	if v.Category != "" {
		k.category("category", v.Category)
	}
	if v.Chain != "" {
		k.word("chain", v.Chain)
	}
	if v.TimeZone != "" {
		if _, err := s.locations.load(v.TimeZone); err != nil {
			k.add("time_zone", "unknown_zone", "%.60q is no time zone of the IANA database", v.TimeZone)
		}
	}
	if v.Currency != "" {
		k.currency("currency", v.Currency)
	}
	k.openingHours(v.OpeningHours)
	k.partners(v.Partners, s.partners)
	switch {
	case !utf8.ValidString(v.Address):
		k.add("address", "invalid", "an address is text in UTF-8")
	case utf8.RuneCountInString(v.Address) > MaxAddress:
		k.add("address", "too_long", "an address has at most %d characters", MaxAddress)
	}
	if given(v.TypicalSpend) {
		k.money("typical_spend", v.TypicalSpend)
	}
	return k.faults
}

// partners checks acquirers, which are among those that are known where any are.
func (k *checker) partners(list, known []string) {
	k.words("partners", list, MaxPartners)
	if len(known) == 0 || len(list) > MaxPartners {
		return
	}
	for i, partner := range list {
		if partner != "" && !slices.Contains(known, partner) {
			k.add(at("partners", i), "unknown_partner", "%.40q is none of %s", partner, strings.Join(known, ", "))
		}
	}
}

// position checks degrees. The comparisons refuse NaN too.
func (k *checker) position(p geo.LatLng) {
	if !(p.Lat >= -90 && p.Lat <= 90) {
		k.add("lat", "out_of_range", "%v is not between -90 and 90 degrees", p.Lat)
	}
	if !(p.Lng >= -180 && p.Lng <= 180) {
		k.add("lon", "out_of_range", "%v is not between -180 and 180 degrees", p.Lng)
	}
}

func (k *checker) openingHours(hours engine.OpeningHours) {
	for day := time.Sunday; day <= time.Saturday; day++ {
		path := "opening_hours." + weekday(day)
		spans := hours[day]
		if !k.count(path, len(spans), MaxSpans) {
			continue
		}
		seen := make(map[engine.Span]int, len(spans))
		for i, span := range spans {
			k.span(at(path, i), at(path, i), span.From, span.To)
			if first, twice := seen[span]; twice {
				k.add(at(path, i), "duplicate", "the same hours are there already, at %s", at(path, first))
			}
			seen[span] = i
		}
	}
	for day := range hours {
		if day < time.Sunday || day > time.Saturday {
			k.add("opening_hours", "invalid", "the weekdays are mon, tue, wed, thu, fri, sat and sun")
			return
		}
	}
}

// span checks the two ends of a part of a day, each with its path.
func (k *checker) span(fromPath, toPath string, from, to engine.TimeOfDay) {
	const day = 24 * 60
	inDay := true
	if from < 0 || from >= day {
		k.add(fromPath, "out_of_range", "a span begins between 00:00 and 23:59")
		inDay = false
	}
	if to < 0 || to > day {
		k.add(toPath, "out_of_range", "a span ends between 00:00 and 24:00")
		inDay = false
	}
	if inDay && from == to {
		k.add(toPath, "invalid", "a span cannot end when it begins; the whole day is 00:00 to 24:00")
	}
}

// weekday is the day's name on the wire.
func weekday(d time.Weekday) string { return strings.ToLower(d.String()[:3]) }
