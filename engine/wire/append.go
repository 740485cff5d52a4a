package wire

import (
	"encoding/json"
	"math"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring"
)

// AppendDecision appends d as the JSON of Decision, without its request. It is deterministic, and makes no garbage but what dst grows by.
func AppendDecision(dst []byte, d *engine.Decision) []byte {
	dst = appendHead(dst, d)
	return appendPlacements(dst, d)
}

// AppendRecord appends d with the request that it answers.
func AppendRecord(dst []byte, d *engine.Decision) ([]byte, error) {
	request, err := json.Marshal(RequestOf(d.Request))
	if err != nil {
		return dst, err
	}
	dst = appendHead(dst, d)
	dst = append(dst, `,"request":`...)
	dst = append(dst, request...)
	return appendPlacements(dst, d), nil
}

func appendHead(dst []byte, d *engine.Decision) []byte {
	dst = append(dst, `{"decision_id":`...)
	dst = quote(dst, d.ID)
	dst = append(dst, `,"time":`...)
	dst = appendTime(dst, d.Time)
	dst = append(dst, `,"catalog_version":`...)
	dst = strconv.AppendUint(dst, d.CatalogVersion, 10)
	dst = append(dst, `,"scoring_profile":{"name":`...)
	dst = quote(dst, d.Profile.Name)
	dst = append(dst, `,"version":`...)
	dst = strconv.AppendUint(dst, d.Profile.Version, 10)
	dst = append(dst, '}')
	if !d.RatesDate.IsZero() {
		dst = append(dst, `,"rates_date":`...)
		dst = quote(dst, d.RatesDate.String())
	}
	return dst
}

func appendPlacements(dst []byte, d *engine.Decision) []byte {
	full := d.Request != nil && d.Request.Explain == engine.ExplainFull
	dst = append(dst, `,"placements":[`...)
	for i := range d.Placements {
		p := &d.Placements[i]
		dst = comma(dst, i)
		dst = append(dst, `{"id":`...)
		dst = quote(dst, p.ID)
		dst = append(dst, `,"offers":[`...)
		for j := range p.Offers {
			dst = comma(dst, j)
			dst = appendOffer(dst, &p.Offers[j])
		}
		dst = append(dst, ']')
		if full {
			dst = append(dst, `,"rejected":[`...)
			for j := range p.Rejected {
				dst = comma(dst, j)
				dst = appendRejection(dst, &p.Rejected[j])
			}
			dst = append(dst, ']')
		}
		dst = append(dst, '}')
	}
	return append(dst, "]}"...)
}

func appendOffer(dst []byte, o *engine.Offer) []byte {
	dst = append(dst, `{"offer_id":`...)
	dst = quote(dst, o.ID)
	dst = append(dst, `,"campaign_id":`...)
	dst = quote(dst, o.CampaignID)
	dst = append(dst, `,"merchant_id":`...)
	dst = quote(dst, o.MerchantID)
	dst = append(dst, `,"position":`...)
	dst = strconv.AppendInt(dst, int64(o.Position), 10)
	dst = appendVenue(dst, &o.Venue)
	dst = append(dst, `,"title":`...)
	dst = quote(dst, o.Title)
	dst = optional(dst, `,"description":`, o.Description)
	dst = optional(dst, `,"terms":`, o.Terms)
	dst = optional(dst, `,"image_url":`, o.ImageURL)
	dst = append(dst, `,"content_language":`...)
	dst = quote(dst, o.Language)
	dst = append(dst, `,"discount":`...)
	dst = appendDiscount(dst, &o.Discount)
	if s := o.Saving; s != nil {
		dst = append(dst, `,"estimated_saving":{"amount":`...)
		dst = strconv.AppendInt(dst, s.Amount, 10)
		dst = append(dst, `,"currency":`...)
		dst = quote(dst, s.Currency)
		if !s.RateDate.IsZero() {
			dst = append(dst, `,"rate_date":`...)
			dst = quote(dst, s.RateDate.String())
		}
		dst = append(dst, '}')
	}
	dst = append(dst, `,"inside_probability":`...)
	dst = number(dst, o.InsideProbability)
	dst = append(dst, `,"match":`...)
	dst = quote(dst, string(o.Match))
	if !o.EndsAt.IsZero() {
		dst = append(dst, `,"ends_at":`...)
		dst = appendTime(dst, o.EndsAt)
	}
	dst = append(dst, `,"score":`...)
	dst = number(dst, o.Score)
	dst = append(dst, `,"propensity":`...)
	dst = number(dst, o.Propensity)
	if o.Explanation != nil {
		dst = append(dst, `,"explanation":`...)
		dst = appendExplanation(dst, o.Explanation)
	}
	return append(dst, '}')
}

func appendVenue(dst []byte, v *engine.OfferVenue) []byte {
	dst = append(dst, `,"venue":{"id":`...)
	dst = quote(dst, v.ID)
	dst = append(dst, `,"name":`...)
	dst = quote(dst, v.Name)
	dst = append(dst, `,"lat":`...)
	dst = number(dst, v.Position.Lat)
	dst = append(dst, `,"lon":`...)
	dst = number(dst, v.Position.Lng)
	dst = optional(dst, `,"category":`, v.Category)
	dst = append(dst, `,"time_zone":`...)
	dst = quote(dst, v.TimeZone)
	dst = append(dst, `,"distance":`...)
	dst = number(dst, float64(v.Distance))
	return append(dst, '}')
}

func appendDiscount(dst []byte, d *engine.Discount) []byte {
	dst = append(dst, `{"type":`...)
	dst = quote(dst, string(d.Type))
	if d.Percent != 0 {
		dst = append(dst, `,"percent":`...)
		dst = number(dst, float64(d.Percent)/100)
	}
	dst = money(dst, `,"max":`, d.Max)
	dst = money(dst, `,"amount":`, d.Amount)
	dst = money(dst, `,"price":`, d.Price)
	dst = money(dst, `,"regular_price":`, d.RegularPrice)
	if d.Buy != 0 {
		dst = append(dst, `,"buy":`...)
		dst = strconv.AppendInt(dst, int64(d.Buy), 10)
	}
	if d.Get != 0 {
		dst = append(dst, `,"get":`...)
		dst = strconv.AppendInt(dst, int64(d.Get), 10)
	}
	if len(d.Gift) > 0 {
		dst = append(dst, `,"gift":{`...)
		for i, tag := range d.Gift.Languages() {
			dst = comma(dst, i)
			dst = quote(dst, tag)
			dst = append(dst, ':')
			dst = quote(dst, d.Gift[tag])
		}
		dst = append(dst, '}')
	}
	dst = money(dst, `,"gift_value":`, d.GiftValue)
	dst = money(dst, `,"min_spend":`, d.MinSpend)
	return append(dst, '}')
}

func appendRejection(dst []byte, r *engine.Rejection) []byte {
	dst = append(dst, `{"offer_id":`...)
	dst = quote(dst, r.OfferID)
	dst = append(dst, `,"campaign_id":`...)
	dst = quote(dst, r.CampaignID)
	dst = append(dst, `,"merchant_id":`...)
	dst = quote(dst, r.MerchantID)
	dst = append(dst, `,"venue_id":`...)
	dst = quote(dst, r.VenueID)
	dst = append(dst, `,"reasons":[`...)
	for i, reason := range r.Reasons {
		dst = comma(dst, i)
		dst = append(dst, `{"code":`...)
		dst = strconv.AppendInt(dst, int64(reason.Code), 10)
		dst = append(dst, `,"name":`...)
		dst = quote(dst, reason.Code.String())
		dst = append(dst, `,"message":`...)
		dst = quote(dst, reason.Message)
		dst = append(dst, '}')
	}
	return append(dst, "]}"...)
}

func appendExplanation(dst []byte, e *scoring.Explanation) []byte {
	dst = append(dst, `{"value":`...)
	dst = number(dst, e.Value)
	dst = append(dst, `,"message":`...)
	dst = quote(dst, e.Message)
	if len(e.Children) > 0 {
		dst = append(dst, `,"children":[`...)
		for i, child := range e.Children {
			dst = comma(dst, i)
			dst = appendExplanation(dst, child)
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

func comma(dst []byte, i int) []byte {
	if i > 0 {
		return append(dst, ',')
	}
	return dst
}

// quote appends a JSON string; bytes that are no UTF-8 become the replacement character.
func quote(dst []byte, s string) []byte {
	dst, _ = jsontext.AppendQuote(dst, s)
	return dst
}

func optional(dst []byte, name, s string) []byte {
	if s == "" {
		return dst
	}
	return quote(append(dst, name...), s)
}

func money(dst []byte, name string, m engine.Money) []byte {
	if m.IsZero() {
		return dst
	}
	dst = append(dst, name...)
	dst = append(dst, `{"amount":`...)
	dst = strconv.AppendInt(dst, m.Amount, 10)
	dst = append(dst, `,"currency":`...)
	dst = quote(dst, m.Currency)
	return append(dst, '}')
}

// number appends the shortest decimal that reads back as x; what is no number is 0, which no field here is ever given.
func number(dst []byte, x float64) []byte {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return append(dst, '0')
	}
	if a := math.Abs(x); a != 0 && (a < 1e-6 || a >= 1e21) {
		return strconv.AppendFloat(dst, x, 'e', -1, 64)
	}
	return strconv.AppendFloat(dst, x, 'f', -1, 64)
}

func appendTime(dst []byte, t time.Time) []byte {
	dst = append(dst, '"')
	dst = t.AppendFormat(dst, time.RFC3339Nano)
	return append(dst, '"')
}
