package wire

import (
	"fmt"
	"reflect"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
)

// Venue is a place where an offer is used.
type Venue struct {
	ID           string              `json:"id" maxLength:"64" doc:"unique within its merchant: letters, digits and . _ : -, beginning with a letter or digit" example:"v-1"`
	MerchantID   string              `json:"merchant_id,omitempty" maxLength:"64" doc:"its merchant; may be left out where the path or the upload names it"`
	Name         Text                `json:"name" doc:"BCP 47 tag → name"`
	Lat          float64             `json:"lat" minimum:"-90" maximum:"90" doc:"degrees, WGS84"`
	Lon          float64             `json:"lon" minimum:"-180" maximum:"180" doc:"degrees, WGS84"`
	Category     string              `json:"category,omitempty" doc:"merchant category code, four digits (ISO 18245)" example:"5812"`
	Chain        string              `json:"chain,omitempty" doc:"the merchant's own tag on venues"`
	TimeZone     string              `json:"time_zone,omitempty" doc:"IANA name; found from the position when left out" example:"America/New_York"`
	Currency     string              `json:"currency,omitempty" maxLength:"3" doc:"ISO 4217 code" example:"USD"`
	OpeningHours map[string][]string `json:"opening_hours,omitempty" doc:"day (mon … sun) → spans such as 10:00-14:00 by the venue's clock; a span whose end is not after its start ends on the next day; a day left out is closed; without any the venue is always open"`
	Partners     []string            `json:"partners,omitempty" doc:"acquirers through which the venue accepts the wallet"`
	Address      string              `json:"address,omitempty"`
	TypicalSpend *Money              `json:"typical_spend,omitempty" doc:"what a customer usually pays, on which savings are estimated"`
	Meta
}

var venuePlan = planOf(reflect.TypeFor[Venue]())

// DecodeVenue reads a venue. The faults are all there are; the venue holds what could be read.
func DecodeVenue(data []byte) (engine.Venue, engine.Faults) {
	var v Venue
	faults := bind(data, venuePlan, &v)
	return v.engine(&faults), faults
}

func (v *Venue) engine(faults *engine.Faults) engine.Venue {
	return engine.Venue{
		ID: v.ID, MerchantID: v.MerchantID, Name: v.Name.engine(), Position: geo.LatLng{Lat: v.Lat, Lng: v.Lon},
		Category: v.Category, Chain: v.Chain, TimeZone: v.TimeZone, Currency: v.Currency,
		OpeningHours: openingHours(v.OpeningHours, faults), Partners: v.Partners, Address: v.Address, TypicalSpend: v.TypicalSpend.engine(),
	}
}

// openingHours reads the spans of each day; nil when there is no day at all.
func openingHours(days map[string][]string, faults *engine.Faults) engine.OpeningHours {
	if len(days) == 0 {
		return nil
	}
	hours := make(engine.OpeningHours, len(days))
	for _, name := range sortedKeys(days) {
		path := "opening_hours." + clip(name)
		day, ok := weekday(name)
		if !ok {
			faults.Add(path, "unknown_field", "a day is one of mon, tue, wed, thu, fri, sat, sun")
			continue
		}
		hours[day] = []engine.Span{}
		for i, text := range days[name] {
			span, ok := parseSpan(text)
			if !ok {
				faults.Add(fmt.Sprintf("%s[%d]", path, i), "invalid", "%q is not a span such as 10:00-14:00", clip(text))
				continue
			}
			hours[day] = append(hours[day], span)
		}
	}
	return hours
}

// VenueOf returns v as it is sent.
func VenueOf(v *engine.Venue) Venue {
	out := Venue{
		ID: v.ID, MerchantID: v.MerchantID, Name: Text(v.Name), Lat: v.Position.Lat, Lon: v.Position.Lng,
		Category: v.Category, Chain: v.Chain, TimeZone: v.TimeZone, Currency: v.Currency,
		Partners: v.Partners, Address: v.Address, TypicalSpend: moneyOf(v.TypicalSpend), Meta: metaOf(v.Meta),
	}
	if v.OpeningHours != nil {
		out.OpeningHours = make(map[string][]string, len(v.OpeningHours))
	}
	for day := time.Sunday; day <= time.Saturday; day++ {
		spans, open := v.OpeningHours[day]
		if !open {
			continue
		}
		texts := make([]string, len(spans))
		for i, s := range spans {
			texts[i] = clockText(s.From) + "-" + clockText(s.To)
		}
		out.OpeningHours[weekdayNames[day]] = texts
	}
	return out
}
